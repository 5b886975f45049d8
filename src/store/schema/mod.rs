//! Makes the database from schema.sql, and refuses one that isn't ours to serve.

pub(in crate::store) mod shape;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::files::{self, DataDir, create_private_file, exists};
use crate::store::OpenError;
use crate::store::sqlite::connection::open_writing;
use crate::store::sqlite::errors::unreadable;
use crate::store::sqlite::wal;

pub(in crate::store) const SCHEMA: &str = include_str!("../../../schema.sql");

/// Raised with every change to schema.sql that a released version has seen.
pub const VERSION: i64 = 1;

/// "KSEL": tells our database from another program's.
const APPLICATION_ID: i64 = 0x4b53_454c;

/// Earlier versions have a bug that can corrupt a database in WAL mode while a checkpoint runs.
const OLDEST_SAFE_SQLITE: (i32, &str) = (3_051_003, "3.51.3");

/// Makes a new database; refuses where one is.
pub(in crate::store) fn create(data: &DataDir) -> Result<(), OpenError> {
    data.create()?;
    let path = data.database();
    if exists(&path)? {
        return Err(OpenError::Exists(path));
    }
    // Made under another name, so that there is never half a database, even if this is interrupted.
    let unfinished = path.with_extension("unfinished");
    let io_error = |what, source| files::Error::io(what, &unfinished, source);
    if exists(&unfinished)? {
        fs::remove_file(&unfinished).map_err(|source| io_error("can't remove", source))?;
    }
    // Made by us and not by SQLite, so that it, and the log beside it that inherits its mode, are private
    // whatever the umask.
    create_private_file(&unfinished).map_err(|source| io_error("can't make", source))?;
    let unreadable = unreadable(&unfinished);
    let connection = open_writing(&unfinished).map_err(&unreadable)?;
    connection.execute_batch(&fill()).map_err(&unreadable)?;
    connection.close().map_err(|(_, source)| unreadable(source))?;
    // A hard link refuses to replace what came into being meanwhile.
    fs::hard_link(&unfinished, &path).map_err(|source| io_error("can't finish", source))?;
    Ok(fs::remove_file(&unfinished).map_err(|source| io_error("can't remove", source))?)
}

fn fill() -> String {
    format!(
        "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {SCHEMA}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )
}

/// Opens the writing connection of an existing database, after checking that it is ours and that this program
/// may serve it.
pub(in crate::store) fn open_writer(data: &DataDir) -> Result<Connection, OpenError> {
    data.refuse_backup()?;
    let connection = open_existing(data)?;
    let path = data.database();
    let unreadable = unreadable(&path);
    // SQLite opens what it may only read without a word, and then fails each change.
    if connection.is_readonly("main").map_err(&unreadable)? {
        return Err(OpenError::ReadOnly { path });
    }
    // Kept in the file since it was made, unless another tool changed it: without it readers would wait for the writer.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(&unreadable)?;
    Ok(connection)
}

/// Opens an existing database as it is, after the same checks.
pub(in crate::store) fn open_existing(data: &DataDir) -> Result<Connection, OpenError> {
    check_sqlite()?;
    let path = data.database();
    if !exists(&path)? {
        return Err(OpenError::Missing(path));
    }
    let unreadable = unreadable(&path);
    let connection = open_writing(&path).map_err(&unreadable)?;
    check_is_ours(&connection, &path)?;
    if let Some(what) = wal::damage(&connection, &path).map_err(&unreadable)? {
        // Or SQLite, closing it, would take in what it can read of the log, and delete the rest.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(&unreadable)?;
        return Err(OpenError::Damaged { path, what });
    }
    if let Some(what) = shape::first_difference(&connection).map_err(&unreadable)? {
        return Err(OpenError::Changed { path, what });
    }
    Ok(connection)
}

/// Refuses another program's database, and one that is newer than this program. Gives the version of its schema.
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

pub(in crate::store) fn check_sqlite() -> Result<(), OpenError> {
    let (number, needed) = OLDEST_SAFE_SQLITE;
    if rusqlite::version_number() >= number {
        return Ok(());
    }
    Err(OpenError::SqliteTooOld { found: rusqlite::version().to_owned(), needed })
}
