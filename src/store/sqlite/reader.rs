//! The reading connections: a pool of them, each of which reads from one snapshot at a time.

use std::cell::RefCell;
use std::path::PathBuf;

use rusqlite::Connection;

use super::connection;
use crate::files::DataDir;
use crate::store::row_cache::{BlocklistCache, RowCache};
use crate::store::{Error, Tx};

/// Opens read-only connections for the pool. (The `r2d2_sqlite` crate pins another version of SQLite.)
#[derive(Debug)]
pub(in crate::store) struct Readers {
    path: PathBuf,
}

impl Readers {
    pub(in crate::store) fn new(data: &DataDir) -> Self {
        Self { path: data.database() }
    }
}

impl r2d2::ManageConnection for Readers {
    type Connection = Reader;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<Reader, rusqlite::Error> {
        let connection = connection::open_reading(&self.path)?;
        Ok(Reader { connection, row_cache: RefCell::default() })
    }

    fn is_valid(&self, reader: &mut Reader) -> Result<(), rusqlite::Error> {
        reader.connection.prepare_cached("SELECT 1")?.query_row([], |_| Ok(()))
    }

    /// Discards a connection that a job left in a transaction: it would keep its old snapshot.
    fn has_broken(&self, reader: &mut Reader) -> bool {
        !reader.connection.is_autocommit()
    }
}

/// A reading connection with its cache.
pub(in crate::store) struct Reader {
    connection: Connection,
    row_cache: RefCell<RowCache>,
}

impl Reader {
    /// Runs `job` on one snapshot of the database, which is released on return and on a panic.
    ///
    /// An unfinished SELECT keeps the read snapshot open for all statements of its connection, so the open
    /// `data_version` cursor doubles as BEGIN … ROLLBACK.
    pub(in crate::store) fn on_snapshot<T>(
        &self,
        blocklist: &BlocklistCache,
        job: impl FnOnce(&Tx<'_>) -> T,
    ) -> Result<T, Error> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        let mut rows = statement.query([])?;
        let version = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(0)?;
        self.row_cache.borrow_mut().clear_unless(version);
        Ok(job(&Tx::reading(&self.connection, blocklist, &self.row_cache)))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use r2d2::ManageConnection as _;
    use tempfile::TempDir;

    use super::*;
    use crate::store::Store;

    /// A store with one reader, and another process's connection to its database.
    fn store() -> (TempDir, Store, Connection) {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let store = Store::create(&data).unwrap();
        let other = connection::open_writing(&data.database()).unwrap();
        (directory, store, other)
    }

    fn add(other: &Connection, uuid: &str) {
        let sql = "INSERT INTO products (uuid, name, description, status, created_at, updated_at)
                   VALUES (?1, ?1, '', 'active', 0, 0)";
        other.execute(sql, [uuid]).unwrap();
    }

    fn count(tx: &Tx<'_>) -> i64 {
        tx.sql("SELECT count(*) FROM products").value(&[]).unwrap()
    }

    #[test]
    fn a_job_keeps_its_snapshot_after_failed_statements_and_the_next_job_gets_a_new_one() {
        let (directory, _store, other) = store();
        let mut reader = Readers::new(&DataDir::new(directory.path())).connect().unwrap();
        let interrupts = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&interrupts);
        reader.connection.progress_handler(1, Some(move || asked.load(Ordering::Relaxed))).unwrap();
        let seen = reader.on_snapshot(&BlocklistCache::default(), |tx| {
            let mut seen = vec![count(tx)];
            add(&other, "a");
            assert!(tx.sql("DELETE FROM products").execute(&[]).is_err());
            seen.push(count(tx));
            assert!(tx.sql("SELECT nonsense").exists(&[]).is_err());
            seen.push(count(tx));
            interrupts.store(true, Ordering::Relaxed);
            let interrupted = tx.sql("SELECT count(*) FROM licenses").exists(&[]);
            assert!(interrupted.unwrap_err().to_string().contains("interrupted"));
            interrupts.store(false, Ordering::Relaxed);
            add(&other, "b");
            seen.push(count(tx));
            seen
        });
        assert_eq!(seen.unwrap(), [0; 4]);
        assert_eq!(reader.on_snapshot(&BlocklistCache::default(), count).unwrap(), 2);
    }

    #[test]
    fn a_panicking_job_releases_its_snapshot() {
        let (_directory, store, other) = store();
        let panics = |tx: &Tx<'_>| {
            assert_eq!(count(tx), 0);
            resume_unwind(Box::new("a job that panics"))
        };
        assert!(catch_unwind(AssertUnwindSafe(|| store.read::<()>(panics))).is_err());
        add(&other, "a");
        assert_eq!(store.read(count).unwrap(), 1);
    }

    #[test]
    fn a_connection_that_a_job_left_in_a_transaction_is_not_used_again() {
        let (_directory, store, other) = store();
        store.read(|tx| tx.savepoint().unwrap()).unwrap();
        add(&other, "a");
        assert_eq!(store.read(count).unwrap(), 1);
    }
}
