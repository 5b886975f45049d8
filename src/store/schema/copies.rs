//! The copies of a database from before its upgrades: `before-upgrade-N.db` in the data directory, N being the
//! version of the schema.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use crate::files::{self, DataDir, exists, remove_if_there, sync_directory};
use crate::store::OpenError;
use crate::store::schema::VERSION;
use crate::store::sqlite::snapshot::copy_to;

/// The number of copies that are kept: the newest ones.
const KEPT: usize = 2;

/// The copies in a data directory, the newest version first.
pub fn upgrade_copies(data: &DataDir) -> Result<Vec<PathBuf>, files::Error> {
    let failed = |source| files::Error::io("can't read", data.path(), source);
    let mut copies = Vec::new();
    for entry in fs::read_dir(data.path()).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if let Some(version) = name.to_str().and_then(version_of) {
            copies.push((version, data.path().join(&name)));
        }
    }
    copies.sort_by(|one, other| other.cmp(one));
    Ok(copies.into_iter().map(|(_, path)| path).collect())
}

/// The copies in a data directory, and what is left of one that was interrupted.
pub fn erasable_copies(data: &DataDir) -> Result<Vec<PathBuf>, files::Error> {
    let mut copies = upgrade_copies(data)?;
    for version in 1..VERSION {
        let unfinished = data.path().join(format!("before-upgrade-{version}.unfinished"));
        if exists(&unfinished)? {
            copies.push(unfinished);
        }
    }
    Ok(copies)
}

/// Parses the N in `before-upgrade-N.db`.
fn version_of(name: &str) -> Option<u32> {
    name.strip_prefix("before-upgrade-")?.strip_suffix(".db")?.parse().ok()
}

/// Copies the database into `before-upgrade-N.db`, private and synced. `on_progress` gets the bytes copied so far,
/// and how many there are.
///
/// A copy of the same version, left by an upgrade that failed, is replaced: the database may have changed since.
pub(super) fn make(
    connection: &Connection,
    data: &DataDir,
    version: i64,
    on_progress: &mut dyn FnMut(u64, u64),
) -> Result<PathBuf, OpenError> {
    let path = data.path().join(format!("before-upgrade-{version}.db"));
    let unfinished = path.with_extension("unfinished");
    remove_if_there(&unfinished)?;
    // One snapshot, even if another process writes meanwhile.
    let snapshot = connection
        .unchecked_transaction()
        .map_err(|source| OpenError::Copy { path: data.database(), source: source.into() })?;
    let made = copy_to(&snapshot, &data.database(), &unfinished, on_progress);
    drop(snapshot);
    let named = made.and_then(|()| {
        Ok(fs::rename(&unfinished, &path).map_err(|source| files::Error::io("can't make", &path, source))?)
    });
    if let Err(error) = named {
        drop(remove_if_there(&unfinished));
        return Err(error);
    }
    sync_directory(data.path())?;
    Ok(path)
}

/// Removes all copies but the newest two.
pub(super) fn remove_old(data: &DataDir) -> Result<(), files::Error> {
    upgrade_copies(data)?.iter().skip(KEPT).try_for_each(|copy| remove_if_there(copy))
}
