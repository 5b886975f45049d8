//! Copies a database while others write to it: one moment of it, whole.
//!
//! SQLite's backup begins anew whenever another process has written in between, unless its source is inside a
//! transaction that reads: then it sees that one moment to the end. In WAL mode such a reader keeps nobody
//! from writing; only the log can't be cut short meanwhile. So the rows are counted and the pages are copied
//! in one such transaction. (`VACUUM INTO` can't run in one, and takes longer.)

use std::fs::File;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use crate::files::{self, DataDir, create_private};
use crate::store::nouns::blocks::BlocklistCache;
use crate::store::sqlite::connection::open_copy;
use crate::store::{Error, OpenError, TableCounts, Tx, schema};

/// Pages copied between two words about how far it is: 16 MiB.
const PAGES_AT_ONCE: i32 = 4096;

/// Why there is no copy.
type CopyError = Box<dyn std::error::Error + Send + Sync>;

/// Copies the database of a data directory into a new file, private and synced, and tells how much of it is
/// done: bytes, of how many. Gives the rows by table in the moment that was copied.
pub fn copy_database(
    data: &DataDir,
    to: &Path,
    on_progress: &mut dyn FnMut(u64, u64),
) -> Result<TableCounts, CopyError> {
    let from = schema::open_existing(data)?;
    let moment = from.unchecked_transaction().map_err(Error::from)?;
    let blocklist = BlocklistCache::default();
    let tx = Tx::new(&*moment, &blocklist);
    // The first thing that is read begins the moment.
    let counts = tx.table_counts()?;
    copy_to(&from, &data.database(), to, on_progress)?;
    Ok(counts)
}

/// Copies the database at `path`, which `from` has open, into a new file, private and synced.
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
    let synced = File::open(to).and_then(|file| file.sync_all());
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
            // Nobody else knows the copy, and the source is being read already.
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
