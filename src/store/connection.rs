//! Connections: how each one is opened and set up, so that no neighbour runs on SQLite's defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::DataDir;

/// How long a statement waits for another process (the command line beside a server) to finish its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements kept ready per connection: more than the program has.
const PREPARED_STATEMENTS: usize = 128;

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
    type Connection = Connection;
    type Error = rusqlite::Error;

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), rusqlite::Error> {
        connection.prepare_cached("SELECT 1")?.query_row([], |_| Ok(()))
    }

    fn has_broken(&self, _: &mut Connection) -> bool {
        false
    }
}

/// Opens the connection that writes.
pub(super) fn open_writing(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // FULL: a commit returns when the log is synced, so an answer given is an answer on disk, power cut included.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens a connection")]
fn open(path: &Path, mode: OpenFlags) -> Result<Connection, rusqlite::Error> {
    // No mutex: a connection is used by one thread at a time, which the types already say.
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}
