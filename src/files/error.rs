//! Errors of files in the data directory: the operation, the file, and the next step.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `what` says which operation failed, as in "can't read".
    #[error("{what} {path}: {source}{}", next_step(source))]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("{0} is a backup and is not changed: restore it into a data directory with \"keyseal restore\"")]
    Backup(PathBuf),
    #[error(
        "another server (pid {pid}) is using {path}: stop it first, or give another directory with --data"
    )]
    InUse { path: PathBuf, pid: String },
}

impl Error {
    pub fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}

/// The operator's next step after a failed file operation. Starts with its punctuation.
fn next_step(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            ": run this as the user that owns the data directory (sudo -u USER), or make that user its owner (chown)"
        }
        io::ErrorKind::ReadOnlyFilesystem => ": give a directory that can be written with --data",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": make room on the disk",
        io::ErrorKind::InvalidInput => {
            "; replace it with the file or directory itself, or give another directory with --data"
        }
        _ => "; if it is not the right place, give another directory with --data",
    }
}
