//! What can go wrong with the database, and whether trying again later helps.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::nouns::licenses;

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
    /// Known to be damaged, it is asked nothing: a wrong verdict is worse than none.
    #[error("the database is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// A row holds what this program never writes there.
    #[error("the database holds an unreadable {what} in row {id}")]
    Unreadable { what: &'static str, id: i64 },
    /// Verdicts follow from it, and no other row of the file is to be trusted either.
    #[error("the database is damaged: {}", licenses::broken_seal(*.0))]
    AlteredLicense(i64),
}

impl Error {
    /// Whether the same request may succeed later with nobody changing the program or the data: busy, full,
    /// short of something.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_temporary(error),
            Self::Commit { temporary, .. } => *temporary,
            // Damaged: until the operator has put it right.
            Self::Pool(_) | Self::Overloaded | Self::Abandoned | Self::Damaged(_) => true,
            Self::Panicked | Self::Unreadable { .. } | Self::AlteredLicense(_) => false,
        }
    }

    /// What is wrong with the database file, if this error shows that something is.
    pub(super) fn damage(&self) -> Option<String> {
        let error = match self {
            Self::Sqlite(error) => error,
            Self::AlteredLicense(id) => return Some(licenses::broken_seal(*id)),
            _ => return None,
        };
        let code = error.sqlite_error_code()?;
        matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase).then(|| error.to_string())
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
    #[error(
        "{0} is a backup, and stays as it is: restore it into a data directory first, with \"keyseal restore\""
    )]
    Backup(PathBuf),
    #[error(
        "{path} is not Keyseal's: it belongs to another program, or was not made by \"keyseal init\": give the right directory with --data, or restore it from a backup with \"keyseal restore\""
    )]
    Foreign { path: PathBuf },
    #[error(
        "{path} was written by a newer Keyseal (schema {found}, this one knows {known}): run that version"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{path} can't be read: {source}; restore it from a backup with \"keyseal restore\" if it is damaged"
    )]
    Unreadable { path: PathBuf, source: rusqlite::Error },
    #[error(
        "{path} is damaged: {what}; it is not served, because its answers could be wrong: restore it from a backup with \"keyseal restore\""
    )]
    Damaged { path: PathBuf, what: String },
    #[error(
        "{path} was changed by something else than Keyseal: {what}; it is not used, because what else it does is not known: restore it from a backup with \"keyseal restore\""
    )]
    Changed { path: PathBuf, what: String },
    #[error(
        "SQLite {found} can damage a database in WAL mode: this program must be built with {needed} or later"
    )]
    SqliteTooOld { found: String, needed: &'static str },
    #[error(
        "{path} can't be written: make the user that this runs as its owner (chown), with mode 0600, on a file system that is not read-only"
    )]
    ReadOnly { path: PathBuf },
    #[error("{what} {path}: {source}{}", next_step(source))]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "another server (pid {pid}) is using {path}: stop it first, or give another directory with --data"
    )]
    InUse { path: PathBuf, pid: String },
    #[error("can't start the writer thread: {0}")]
    Thread(io::Error),
    #[error("{path} could not be copied: {source}; see whether there is room, and try again")]
    Copy { path: PathBuf, source: rusqlite::Error },
    #[error(
        "{path} has a write-ahead log whose index is missing: any command that changes something takes the log in"
    )]
    LogWithoutIndex { path: PathBuf },
}

fn next_step(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            ": run this as the user that owns the data directory (sudo -u USER), or make that user its owner (chown)"
        }
        io::ErrorKind::ReadOnlyFilesystem => ": give a directory that can be written with --data",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": make room on the disk",
        _ => "; if it is not the right place, give another directory with --data",
    }
}
