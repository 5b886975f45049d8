//! Opens connections, each with explicit settings instead of SQLite's defaults.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags};

/// The time that a statement waits for another process (the command line beside a server) to finish its transaction.
pub(in crate::store) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The capacity of a connection's cache of prepared statements: more than the program has.
const PREPARED_STATEMENTS: usize = 128;

/// The page cache of a connection that reads or changes the whole database, 64 MiB. SQLite takes a negative number as
/// KiB, and a positive one as pages.
pub(in crate::store) const LARGE_CACHE_KIB: i64 = -64 * 1024;

/// The page cache of the writing connection, 16 MiB. Reading connections have SQLite's default of 2 MiB, because each
/// commit clears their caches.
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
    // Deleted content is overwritten with zeros, so that an erased customer can't be read from free space. FAST is not
    // enough: it leaves the content of whole freed pages.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

/// Opens the connection that fills a copy, without a journal and without syncs: a copy is used only after it is
/// complete and synced as a whole.
pub(in crate::store) fn open_copy(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    Ok(connection)
}

/// Opens a connection that changes no file. An ordinary read-only connection may create or write the files beside the
/// database. With `log`, it also reads the write-ahead log, whose index must exist; without it, it reads the database
/// file alone, as an immutable one.
pub(in crate::store) fn open_untouched(path: &Path, log: bool) -> Result<Connection, rusqlite::Error> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name =
        percent_encode(absolute.as_os_str().as_bytes(), NON_ALPHANUMERIC).to_string().replace("%2F", "/");
    let how = if log { "readonly_shm=1" } else { "immutable=1" };
    let uri = format!("file://{name}?mode=ro&{how}");
    let connection = open(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)?;
    // It is used for checks that read the whole database.
    connection.pragma_update(None, "cache_size", LARGE_CACHE_KIB)?;
    Ok(connection)
}

/// Opens a database in memory.
pub(in crate::store) fn open_in_memory() -> Result<Connection, rusqlite::Error> {
    Connection::open_in_memory()
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens a connection")]
fn open(path: &Path, mode: OpenFlags) -> Result<Connection, rusqlite::Error> {
    // No mutex: the types ensure that one thread at a time uses a connection.
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Detects a damaged page when it is read.
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Executes a statement that is prepared once for each connection.
pub(in crate::store) fn execute(connection: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
