//! Checkpoints: the writer copies the write-ahead log into the database between two batches, never inside a commit.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use crate::store::sqlite::connection::BUSY_TIMEOUT;

/// The pages (of 4 KiB) in the write-ahead log from which a checkpoint is made: while the writer is idle, and while it
/// is busy.
const CHECKPOINT_IDLE: i32 = 1_000;
const CHECKPOINT_BUSY: i32 = 4_000;

/// The pages from which the log is also truncated, if no reader uses it.
const CHECKPOINT_TRUNCATE: i32 = 16_000;

/// Makes a checkpoint if the writer is idle or the log has grown. Returns `false` if no further checkpoint may follow.
///
/// A checkpoint that readers interrupt copies pages, counts them as copied, and leaves the sync to a later checkpoint.
/// If that sync fails, the kernel may have dropped those pages, and SQLite doesn't copy them again: after a later
/// checkpoint the log is overwritten, and they are lost. So after an I/O error the log is kept as it is, also at the
/// end: the next process that opens the database reads all of it again.
pub(in crate::store) fn checkpoint(connection: &Connection, pages_in_log: &AtomicI32, idle: bool) -> bool {
    let pages = pages_in_log.load(Ordering::Relaxed);
    let due = if idle { CHECKPOINT_IDLE } else { CHECKPOINT_BUSY };
    if pages < due {
        return true;
    }
    pages_in_log.store(0, Ordering::Relaxed);
    let how = if pages < CHECKPOINT_TRUNCATE {
        "PRAGMA wal_checkpoint(PASSIVE)"
    } else {
        "PRAGMA wal_checkpoint(TRUNCATE)"
    };
    // Truncating waits for readers of the log. A backup reads for long, so this doesn't wait, and the next checkpoint
    // tries again.
    let checkpoint = connection
        .busy_timeout(Duration::ZERO)
        .and_then(|()| connection.query_row(how, [], |_| Ok(())))
        .and(connection.busy_timeout(BUSY_TIMEOUT));
    let Err(error) = checkpoint else { return true };
    log::warn!("the write-ahead log ({pages} pages) could not be copied into the database: {error}");
    if error.sqlite_error_code() != Some(ErrorCode::SystemIoFailure) {
        return true;
    }
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        log::error!("SQLite can't be told to keep the write-ahead log when it closes the database: {error}");
    }
    log::error!(
        "the disk failed while the database was synced: the write-ahead log is kept and grows until the next start; \
         look at the disk, then restart the server"
    );
    false
}
