//! Copies the pages of a database while others write to it.
//!
//! SQLite's backup restarts whenever another process has written, unless its source is inside a read transaction:
//! then it copies the snapshot of that transaction. In WAL mode a reader doesn't block writers; it only prevents the
//! log from being truncated. So the rows are counted and the pages are copied in one read transaction. (`VACUUM INTO`
//! can't run in a transaction, and takes longer.)

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use crate::files::{self, create_private, open_regular};
use crate::store::OpenError;
use crate::store::sqlite::connection::open_copy;

/// Pages copied between two reports of progress: 16 MiB.
const PAGES_AT_ONCE: i32 = 4096;

/// Copies the database at `path`, which `from` has open, into a new private file, and syncs it.
pub(in crate::store) fn copy_to(
    from: &Connection,
    path: &Path,
    to: &Path,
    on_progress: &mut dyn FnMut(u64, u64),
) -> Result<(), OpenError> {
    let io_error = |what, source| files::Error::io(what, to, source);
    let failed = |source: rusqlite::Error| OpenError::Copy { path: path.to_owned(), source: source.into() };
    let page: i64 = from.pragma_query_value(None, "page_size", |row| row.get(0)).map_err(failed)?;
    let page = u64::try_from(page).unwrap_or(0);
    create_private(to).map_err(|source| io_error("can't make", source))?;
    copy(from, to, &mut |done, all| on_progress(done.saturating_mul(page), all.saturating_mul(page)))
        .map_err(failed)?;
    let synced = open_regular(to).and_then(|file| file.sync_all());
    Ok(synced.map_err(|source| io_error("can't sync", source))?)
}

fn copy(from: &Connection, to: &Path, on_progress: &mut dyn FnMut(u64, u64)) -> Result<(), rusqlite::Error> {
    let mut copy = open_copy(to)?;
    let backup = Backup::new(from, &mut copy)?;
    loop {
        let step = backup.step(PAGES_AT_ONCE)?;
        let progress = backup.progress();
        let all = u64::try_from(progress.pagecount).unwrap_or(0);
        on_progress(all.saturating_sub(u64::try_from(progress.remaining).unwrap_or(0)), all);
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // The copy has no other user, and the source's snapshot is open already.
            _ => return Err(busy()),
        }
    }
    drop(backup);
    copy.close().map_err(|(_, error)| error)
}

fn busy() -> rusqlite::Error {
    let code =
        rusqlite::ffi::Error { code: ErrorCode::DatabaseBusy, extended_code: rusqlite::ffi::SQLITE_BUSY };
    rusqlite::Error::SqliteFailure(code, None)
}
