//! Opens an existing database, after checking that it is Keyseal's, whole at its head, and of a version that
//! this program can use.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::files::{DataDir, exists};
use crate::store::OpenError;
use crate::store::schema::{APPLICATION_ID, VERSION, rehearsal};
use crate::store::sqlite::connection::open_writing;
use crate::store::sqlite::errors::unreadable;
use crate::store::sqlite::wal;

/// Earlier versions have a bug that can corrupt a database in WAL mode while a checkpoint runs.
const OLDEST_SAFE_SQLITE: (i32, &str) = (3_051_003, "3.51.3");

/// Opens the writing connection of an existing database of the current schema. Refuses a backup's directory and
/// a file that can't be written.
pub(in crate::store) fn open_writer(data: &DataDir) -> Result<Connection, OpenError> {
    data.refuse_backup()?;
    let connection = open_existing(data)?;
    check_writable(&connection, data)?;
    Ok(connection)
}

/// Opens an existing database of the current schema, read-only if its file is.
pub(in crate::store) fn open_existing(data: &DataDir) -> Result<Connection, OpenError> {
    let (connection, found) = open_any_version(data)?;
    check_whole(&connection, data)?;
    if found < VERSION {
        return Err(OpenError::Older { path: data.database(), found, needed: VERSION });
    }
    allow_checkpoint_on_close(&connection, data)?;
    Ok(connection)
}

/// Opens an existing database of the current schema or an older one, and gives its version.
///
/// Closing the connection leaves a write-ahead log as it is, until [`allow_checkpoint_on_close`] is called:
/// a database that is refused stays untouched, and SQLite deletes no log that it read only in part.
pub(super) fn open_any_version(data: &DataDir) -> Result<(Connection, i64), OpenError> {
    check_sqlite()?;
    let path = data.database();
    data.check_kinds()?;
    if !exists(&path)? {
        return Err(OpenError::Missing(path));
    }
    let unreadable = unreadable(&path);
    // If there is no log, SQLite makes an empty one, which it may remove.
    let has_log = fs::metadata(data.log()).is_ok_and(|log| log.len() > 0);
    let connection = open_writing(&path).map_err(&unreadable)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log).map_err(&unreadable)?;
    let version = check_is_ours(&connection, &path)?;
    Ok((connection, version))
}

/// Refuses a database whose log has lost changes, and one whose schema another program has changed.
pub(super) fn check_whole(connection: &Connection, data: &DataDir) -> Result<(), OpenError> {
    let path = data.database();
    let unreadable = unreadable(&path);
    if let Some(what) = wal::damage(connection, &data.log()).map_err(&unreadable)? {
        return Err(OpenError::Damaged { path, what });
    }
    if let Some(what) = rehearsal::first_difference(connection).map_err(&unreadable)? {
        return Err(OpenError::Changed { path, what });
    }
    Ok(())
}

/// Lets SQLite checkpoint the log when the last connection is closed, as it does by default.
pub(super) fn allow_checkpoint_on_close(connection: &Connection, data: &DataDir) -> Result<(), OpenError> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map(drop)
        .map_err(unreadable(&data.database()))
}

/// Refuses a file that can only be read, and sets WAL mode.
pub(super) fn check_writable(connection: &Connection, data: &DataDir) -> Result<(), OpenError> {
    let path = data.database();
    let unreadable = unreadable(&path);
    // SQLite opens such a file without an error, and fails at the first change.
    if connection.is_readonly("main").map_err(&unreadable)? {
        return Err(OpenError::ReadOnly { path });
    }
    // The mode is kept in the file. Another tool may have changed it, and then readers would wait for the writer.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(&unreadable)
}

/// Gives the version of the schema. Refuses another program's database, and one that is newer than this program.
pub(in crate::store) fn check_is_ours(connection: &Connection, path: &Path) -> Result<i64, OpenError> {
    let unreadable = unreadable(path);
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if number("application_id").map_err(&unreadable)? != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    let found = number("user_version").map_err(&unreadable)?;
    if found > VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    if found < 1 {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    Ok(found)
}

/// Whether a database has the schema of this program.
pub(in crate::store) fn is_current(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(found == VERSION)
}

/// Refuses to run on an SQLite that can damage a database.
pub(in crate::store) fn check_sqlite() -> Result<(), OpenError> {
    let (number, needed) = OLDEST_SAFE_SQLITE;
    if rusqlite::version_number() >= number {
        return Ok(());
    }
    Err(OpenError::SqliteTooOld { found: rusqlite::version().to_owned(), needed })
}
