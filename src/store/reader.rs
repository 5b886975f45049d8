//! The connections that read: a pool of them, each of which sees one moment at a time.

use std::cell::RefCell;
use std::path::PathBuf;

use rusqlite::Connection;

use super::blocks::BlocklistCache;
use super::known::Known;
use super::{DataDir, Error, Tx, connection};

/// Opens read-only connections for the pool. (The `r2d2_sqlite` crate pins another SQLite.)
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
}

impl Readers {
    pub(super) fn new(data: &DataDir) -> Self {
        Self { path: data.database() }
    }
}

impl r2d2::ManageConnection for Readers {
    type Connection = Reader;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<Reader, rusqlite::Error> {
        let connection = connection::open_reading(&self.path)?;
        Ok(Reader { connection, known: RefCell::default() })
    }

    fn is_valid(&self, reader: &mut Reader) -> Result<(), rusqlite::Error> {
        reader.connection.prepare_cached("SELECT 1")?.query_row([], |_| Ok(()))
    }

    fn has_broken(&self, _: &mut Reader) -> bool {
        false
    }
}

/// A connection that reads, and what it knows already.
pub(super) struct Reader {
    connection: Connection,
    known: RefCell<Known>,
}

impl Reader {
    /// Runs `job` on one moment's view of the database, left when this returns, also by a panic.
    ///
    /// A statement that is not at its end holds its moment, and all others on its connection share it. So the one that says which state of the
    /// database this is does what `BEGIN` and `ROLLBACK` would, and is no statement more than they are.
    pub(super) fn at_one_moment<T>(
        &self,
        blocklist: &BlocklistCache,
        job: impl FnOnce(&Tx<'_>) -> T,
    ) -> Result<T, Error> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        let mut rows = statement.query([])?;
        let version = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(0)?;
        self.known.borrow_mut().keep_if_of(version);
        Ok(job(&Tx::reading(&self.connection, blocklist, &self.known)))
    }
}
