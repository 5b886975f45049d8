//! What can go wrong with the database, and whether trying again later helps.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

/// A statement or a transaction failed; nothing of the job was kept. Never shown to clients.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("no connection to the database: {0}")]
    Pool(#[from] r2d2::Error),
    /// The batch that the job was part of could not be committed.
    #[error("the changes could not be committed: {message}")]
    Commit { message: String, temporary: bool },
    /// SQLite ended the transaction by itself, as it does on a full disk.
    #[error("the database gave up the transaction that held this change")]
    Abandoned,
    #[error("too many changes are waiting to be written")]
    Overloaded,
    #[error("the job panicked")]
    Panicked,
    /// A row holds what this program never writes there.
    #[error("the database holds an unreadable {what} in row {id}")]
    Unreadable { what: &'static str, id: i64 },
}

impl Error {
    /// Whether the same request may succeed later with nobody changing the program or the data: busy, full, short of something.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_temporary(error),
            Self::Commit { temporary, .. } => *temporary,
            Self::Pool(_) | Self::Overloaded | Self::Abandoned => true,
            Self::Panicked | Self::Unreadable { .. } => false,
        }
    }

    /// What each job of a batch that could not be committed is told.
    pub(super) fn of_the_batch(&self) -> Self {
        Self::Commit { message: self.to_string(), temporary: self.is_temporary() }
    }
}

fn is_temporary(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
        )
    )
}

/// The database can't be opened: what, where, and the next step.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "no database at {0}: run \"keyseal init\" for a new one, or give the right directory with --data"
    )]
    Missing(PathBuf),
    #[error("{0} exists already: nothing was changed; to start afresh, give another directory with --data")]
    Exists(PathBuf),
    #[error("{path} is not Keyseal's: it belongs to another program, or was not made by \"keyseal init\"")]
    Foreign { path: PathBuf },
    #[error(
        "{path} was written by a newer Keyseal (schema {found}, this one knows {known}): run that version"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{path} can't be read: {source}; restore it from a backup if it is damaged")]
    Unreadable { path: PathBuf, source: rusqlite::Error },
    #[error(
        "SQLite {found} can damage a database in WAL mode: this program must be built with {needed} or later"
    )]
    SqliteTooOld { found: String, needed: &'static str },
    #[error("{what} {path}: {source}")]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "another server (pid {pid}) is using {path}: stop it first, or give another directory with --data"
    )]
    InUse { path: PathBuf, pid: String },
    #[error("can't start the writer thread: {0}")]
    Thread(io::Error),
}
