//! SQLite's errors as errors of the store.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::store::{Error, OpenError};

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::DamageFound(error.to_string())
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Conflict(error.into()),
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly,
            ) => Self::temporary(format!("the database failed: {error}")),
            _ => Self::failed(format!("the database failed: {error}")),
        }
    }
}

impl From<r2d2::Error> for Error {
    fn from(error: r2d2::Error) -> Self {
        Self::temporary(format!("no connection to the database: {error}"))
    }
}

/// Converts an error of SQLite to the error that the database at `path` can't be opened.
pub(in crate::store) fn unreadable(path: &Path) -> impl Fn(rusqlite::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |error| OpenError::Unreadable { path: path.clone(), source: error.into() }
}
