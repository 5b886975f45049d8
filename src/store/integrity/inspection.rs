//! Read-only access to a database file that changes no file, not even those that SQLite keeps beside it.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::files::{check_regular, exists};
use crate::store::nouns::license_checksum;
use crate::store::row_cache::BlocklistCache;
use crate::store::schema::{self, rehearsal};
use crate::store::sqlite::connection::open_untouched;
use crate::store::sqlite::errors::unreadable;
use crate::store::{Error, OpenError, Tx};

/// A database that is opened for inspection, also while a server in another process has it open.
pub struct Inspection {
    connection: Connection,
    blocklist: BlocklistCache,
    version: i64,
}

impl Inspection {
    /// Opens a database of the current schema. Refuses one that is missing, damaged at its head, another
    /// program's, or of another version.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let inspection = Self::open_any_version(path)?;
        match inspection.version {
            found if found < schema::VERSION => Err(older(path, found)),
            _ => Ok(inspection),
        }
    }

    /// Opens a database of the current schema or an older one. The records of an older one can't be read.
    pub fn open_any_version(path: &Path) -> Result<Self, OpenError> {
        let (log, index) = (beside(path, "-wal"), beside(path, "-shm"));
        [path, &log, &index].into_iter().try_for_each(check_regular)?;
        if !exists(path)? {
            return Err(OpenError::Missing(path.to_owned()));
        }
        // With a write-ahead log, SQLite reads the log through its index. Without one, no process has the database
        // open, and it is read as a file that doesn't change.
        let has_log = exists(&log)? && exists(&index)?;
        if !has_log && fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            // An upgrade of an older database also makes the index.
            let version = open_untouched(path, false).map_err(unreadable(path))?;
            let version = schema::check_is_ours(&version, path)?;
            if version < schema::VERSION {
                return Err(older(path, version));
            }
            return Err(OpenError::LogWithoutIndex { path: path.to_owned() });
        }
        let connection = open_untouched(path, has_log).map_err(unreadable(path))?;
        let version = schema::check_is_ours(&connection, path)?;
        Ok(Self { connection, blocklist: BlocklistCache::default(), version })
    }

    /// The version of the database's schema.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The faults of the file, at most ten: in its structure, its schema, and the checksums of licenses. Empty: a
    /// server would serve it. Reads the whole file.
    pub fn faults(&self) -> Result<Vec<String>, Error> {
        let faults = self.read(|tx| tx.structural_faults())?;
        if !faults.is_empty() {
            return Ok(faults);
        }
        // The next checks need a sound structure.
        if let Some(difference) = rehearsal::first_difference(&self.connection)? {
            return Ok(vec![difference]);
        }
        // An upgrade checks the checksums of an older version.
        if !schema::is_current(&self.connection)? {
            return Ok(Vec::new());
        }
        let wrong = license_checksum::first_wrong(&self.connection)?;
        Ok(wrong.into_iter().map(license_checksum::wrong).collect())
    }

    /// Runs `job` on one snapshot of the database.
    pub fn read<T>(&self, job: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let transaction = self.connection.unchecked_transaction()?;
        job(&Tx::new(&*transaction, &self.blocklist))
    }
}

fn older(path: &Path, found: i64) -> OpenError {
    OpenError::Older { path: path.to_owned(), found, needed: schema::VERSION }
}

/// The version of the built-in SQLite. Fails if that has a bug that can damage a database.
pub fn sqlite_version() -> Result<&'static str, OpenError> {
    schema::check_sqlite()?;
    Ok(rusqlite::version())
}

/// The path of a file that SQLite keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
