//! Checkpoints: the write-ahead log is copied into the database by the writer between two batches, never
//! inside a commit.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use crate::store::sqlite::connection::BUSY_TIMEOUT;

/// Pages in the write-ahead log (4 KiB each) from which it is copied into the database: when the writer is
/// idle, and when it never is.
const CHECKPOINT_IDLE: i32 = 1_000;
const CHECKPOINT_BUSY: i32 = 4_000;

/// Pages from which the log is also cut short, if no reader is in it.
const CHECKPOINT_TRUNCATE: i32 = 16_000;

/// Copies the log into the database between batches, when nobody waits or when it has grown. `false`: there
/// must be no other.
///
/// A checkpoint that readers cut short copies pages, counts them as copied, and leaves the sync to a later
/// one. If that sync fails, the system may have dropped those pages, and SQLite will not copy them again:
/// after a later one the log is written over, and they are gone. So after an I/O error the log is kept whole,
/// also at the end: whoever opens the database next takes in all of it anew.
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
    // Cutting it short asks readers to leave it. A backup stays for as long as it copies, and nobody is made
    // to wait for that: next time.
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
        log::error!("the write-ahead log can't be kept from being taken in at the end: {error}");
    }
    log::error!(
        "the disk failed while the database was synced: the write-ahead log is kept and grows until the next start; look at the \
         disk, then restart the server"
    );
    false
}
