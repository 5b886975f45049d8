//! Errors for which a database is not upgraded: what, where, and the next step.

use std::path::PathBuf;

use crate::store::OpenError;
use crate::store::schema::steps::StepError;

#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(
        "{path} was not upgraded, and nothing was changed: the upgrade can take {} MB (a copy of the database, and \
         each changed page in the log and in the file), but {} MB are free: make room on that file system, and upgrade \
         again",
        megabytes(*.needed), free / 1_000_000
    )]
    NoSpace { path: PathBuf, needed: u64, free: u64 },
    #[error(
        "{path} was not upgraded: step {step} failed: {source}; it still has schema {version}, and all of its rows; \
         {copy} is a copy from before; remove the cause and upgrade again, or run the earlier version of Keyseal"
    )]
    Step { path: PathBuf, step: &'static str, source: Box<StepError>, version: i64, copy: PathBuf },
}

/// Converts bytes to megabytes, rounded up.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
