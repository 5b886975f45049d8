//! Copies a consistent snapshot of a database, and counts its rows, while others write to it.

use std::path::Path;

use super::soundness::TableCounts;
use crate::files::DataDir;
use crate::store::error::Cause;
use crate::store::row_cache::BlocklistCache;
use crate::store::sqlite::snapshot::copy_to;
use crate::store::{Error, Tx, schema};

/// Copies the database of a data directory into a new private file, and syncs it. Reports the progress in bytes and
/// their total. Returns the number of rows of each table in the copied snapshot.
pub fn copy_database(
    data: &DataDir,
    to: &Path,
    on_progress: &mut dyn FnMut(u64, u64),
) -> Result<TableCounts, Cause> {
    let from = schema::open_existing(data)?;
    let moment = from.unchecked_transaction().map_err(Error::from)?;
    let blocklist = BlocklistCache::default();
    let tx = Tx::new(&*moment, &blocklist);
    // The first read starts the snapshot.
    let counts = tx.table_counts()?;
    copy_to(&from, &data.database(), to, on_progress)?;
    Ok(counts)
}
