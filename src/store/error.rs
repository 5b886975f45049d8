//! Errors of the database, independent of the engine, and whether a retry can help.

use std::io;
use std::path::PathBuf;

use crate::files;

/// The underlying error, for the log. Callers have no use for its type.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A read or a write job failed, and nothing of it was committed. Never shown to clients.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The write queue is full, or the job waited in it longer than its timeout.
    #[error("too many changes are waiting to be written")]
    Busy,
    /// Another transaction, for example of another process, holds a lock that this one needs.
    #[error("the database is locked: {0}")]
    Conflict(Cause),
    /// The database is known to be damaged, and nothing is read from it any more: a wrong answer is worse
    /// than none.
    #[error("the database is damaged: {0}; restore it from a backup")]
    Damaged(String),
    /// The job found damage. [`Store::note`](super::Store::note) records it.
    #[error("the database is damaged: {0}")]
    DamageFound(String),
    /// The job panicked, or the writer thread did.
    #[error("the job panicked")]
    Panicked,
    /// Anything else.
    #[error("{cause}")]
    Failed { cause: Cause, is_temporary: bool },
}

impl Error {
    /// Whether the same request may succeed later without a change to the program or the data: the database is busy,
    /// damaged until its restore, or the disk is full.
    pub fn is_temporary(&self) -> bool {
        match self {
            // Damaged: the operator restores a backup.
            Self::Busy | Self::Conflict(_) | Self::Damaged(_) => true,
            Self::DamageFound(_) | Self::Panicked => false,
            Self::Failed { is_temporary, .. } => *is_temporary,
        }
    }

    /// The damage, if the job found some.
    pub(super) fn damage(&self) -> Option<&str> {
        match self {
            Self::DamageFound(what) => Some(what),
            _ => None,
        }
    }

    pub(super) fn failed(cause: impl Into<Cause>) -> Self {
        Self::Failed { cause: cause.into(), is_temporary: false }
    }

    pub(super) fn temporary(cause: impl Into<Cause>) -> Self {
        Self::Failed { cause: cause.into(), is_temporary: true }
    }

    /// A row contains a value that this program never writes.
    pub(super) fn unreadable_row(what: &str, id: i64) -> Self {
        Self::failed(format!("the database holds an unreadable {what} in row {id}"))
    }

    /// Makes the error for every job of a batch, when this error made the commit fail.
    pub(super) fn of_the_batch(&self) -> Self {
        let cause = format!("the changes could not be committed: {self}").into();
        Self::Failed { cause, is_temporary: self.is_temporary() }
    }
}

/// The database can't be opened: what, where, and the next step.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    File(#[from] files::Error),
    #[error(
        "no database at {0}: run \"keyseal init\" for a new one, or give the right directory with --data"
    )]
    Missing(PathBuf),
    #[error("{0} exists already: nothing was changed; to start afresh, give another directory with --data")]
    Exists(PathBuf),
    #[error(
        "{path} is not Keyseal's: it belongs to another program, or was not made by \"keyseal init\": give the right \
         directory with --data, or restore it from a backup with \"keyseal restore\""
    )]
    Foreign { path: PathBuf },
    #[error(
        "{path} was written by a newer Keyseal (schema {found}, this one knows {known}): run that version"
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{path} has schema {found}, and this Keyseal needs schema {needed}: upgrade it with \"keyseal upgrade\", or \
         start the server, which does so"
    )]
    Older { path: PathBuf, found: i64, needed: i64 },
    #[error(
        "{path} can't be read: {source}; restore it from a backup with \"keyseal restore\" if it is damaged"
    )]
    Unreadable { path: PathBuf, source: Cause },
    #[error(
        "{path} is damaged: {what}; it is not served, because its answers could be wrong: restore it from a backup \
         with \"keyseal restore\""
    )]
    Damaged { path: PathBuf, what: String },
    #[error(
        "{path} was changed by another program: {what}; it is not used, because the effect of that change is unknown: \
         restore it from a backup with \"keyseal restore\""
    )]
    Changed { path: PathBuf, what: String },
    #[error(
        "SQLite {found} can damage a database in WAL mode: this program must be built with {needed} or later"
    )]
    SqliteTooOld { found: String, needed: &'static str },
    #[error(
        "{path} can't be written: make the user that runs this command its owner (chown), set mode 0600, and \
         see that the file system is not read-only"
    )]
    ReadOnly { path: PathBuf },
    #[error("can't start the writer thread: {0}")]
    Thread(io::Error),
    #[error("{path} could not be copied: {source}; see whether there is room, and try again")]
    Copy { path: PathBuf, source: Cause },
    #[error(
        "{path} has a write-ahead log whose index is missing: start the server, or run a command that changes \
         something, to recover the log"
    )]
    LogWithoutIndex { path: PathBuf },
}
