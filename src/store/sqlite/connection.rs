//! Connections: how each one is opened and set up, so that no neighbour runs on SQLite's defaults.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags};

/// How long a statement waits for another process (the command line beside a server) to finish its transaction.
pub(in crate::store) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements kept ready per connection: more than the program has.
const PREPARED_STATEMENTS: usize = 128;

/// The cache of a connection that reads or changes all of the database, 64 MiB: SQLite counts KiB below zero,
/// pages above.
pub(in crate::store) const LARGE_CACHE_KIB: i64 = -64 * 1024;

/// The cache of the connection that writes, 16 MiB. Those that read have SQLite's 2 MiB: each commit empties them.
const WRITER_CACHE_KIB: i64 = -16 * 1024;

/// Opens a connection that only reads.
pub(in crate::store) fn open_reading(path: &Path) -> Result<Connection, rusqlite::Error> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Opens the connection that writes.
pub(in crate::store) fn open_writing(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // FULL: a commit returns when the log is synced, so an answer given is an answer on disk, power cut included.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
    Ok(connection)
}

/// Opens the connection that fills a copy, which nobody sees before it is whole and synced: until then there
/// is nothing to save.
pub(in crate::store) fn open_copy(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    Ok(connection)
}

/// Opens a connection that leaves every file as it is, also those that SQLite keeps beside a database, where
/// a plain read-only one may make them or write to them. With `log`, it reads what is in the write-ahead log
/// too, whose index must be there; without it, the database alone, as if nobody could change it.
pub(in crate::store) fn open_untouched(path: &Path, log: bool) -> Result<Connection, rusqlite::Error> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name =
        percent_encode(absolute.as_os_str().as_bytes(), NON_ALPHANUMERIC).to_string().replace("%2F", "/");
    let how = if log { "readonly_shm=1" } else { "immutable=1" };
    let uri = format!("file://{name}?mode=ro&{how}");
    let connection = open(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)?;
    // To be read from end to end, and across.
    connection.pragma_update(None, "cache_size", LARGE_CACHE_KIB)?;
    Ok(connection)
}

/// Opens a database that is nowhere but in memory.
pub(in crate::store) fn open_in_memory() -> Result<Connection, rusqlite::Error> {
    Connection::open_in_memory()
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens a connection")]
fn open(path: &Path, mode: OpenFlags) -> Result<Connection, rusqlite::Error> {
    // No mutex: a connection is used by one thread at a time, which the types already say.
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Notices a damaged page where it is read, not where it makes no sense any more.
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Runs a statement that is parsed once for each connection.
pub(in crate::store) fn execute(connection: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
