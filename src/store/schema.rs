//! Makes the database from schema.sql, and refuses one that isn't ours to serve.

use std::fs;

use rusqlite::Connection;

use super::connection::open_writing;
use super::data_dir::create_private_file;
use super::{DataDir, OpenError};

const SCHEMA: &str = include_str!("../../schema.sql");

/// Raised with every change to schema.sql that a released version has seen.
const VERSION: i64 = 1;

/// "KSEL": tells our database from another program's.
const APPLICATION_ID: i64 = 0x4b53_454c;

/// Earlier versions have a bug that can corrupt a database in WAL mode while a checkpoint runs.
const OLDEST_SAFE_SQLITE: (i32, &str) = (3_051_003, "3.51.3");

/// Makes a new database; refuses where one is.
pub(super) fn create(data: &DataDir) -> Result<(), OpenError> {
    data.create()?;
    let path = data.database();
    if path.exists() {
        return Err(OpenError::Exists(path));
    }
    // Made under another name, so that there is never half a database, even if this is interrupted.
    let unfinished = path.with_extension("unfinished");
    let io_error = |what, source| OpenError::Io { what, path: unfinished.clone(), source };
    if unfinished.exists() {
        fs::remove_file(&unfinished).map_err(|source| io_error("can't remove", source))?;
    }
    // Made by us and not by SQLite, so that it, and the log beside it that inherits its mode, are private whatever the umask.
    create_private_file(&unfinished).map_err(|source| io_error("can't make", source))?;
    let unreadable = |source| OpenError::Unreadable { path: unfinished.clone(), source };
    let connection = open_writing(&unfinished).map_err(unreadable)?;
    connection.execute_batch(&fill()).map_err(unreadable)?;
    connection.close().map_err(|(_, source)| unreadable(source))?;
    // A hard link refuses to replace what came into being meanwhile.
    fs::hard_link(&unfinished, &path).map_err(|source| io_error("can't finish", source))?;
    fs::remove_file(&unfinished).map_err(|source| io_error("can't remove", source))
}

fn fill() -> String {
    format!(
        "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {SCHEMA}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )
}

/// Opens the writing connection of an existing database, after checking that it is ours and that this program may serve it.
pub(super) fn open_writer(data: &DataDir) -> Result<Connection, OpenError> {
    check_sqlite()?;
    let path = data.database();
    if !path.exists() {
        return Err(OpenError::Missing(path));
    }
    let unreadable = |source| OpenError::Unreadable { path: path.clone(), source };
    let connection = open_writing(&path).map_err(unreadable)?;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if number("application_id").map_err(unreadable)? != APPLICATION_ID {
        return Err(OpenError::Foreign { path });
    }
    let found = number("user_version").map_err(unreadable)?;
    if found > VERSION {
        return Err(OpenError::Newer { path, found, known: VERSION });
    }
    // Kept in the file since it was made, unless another tool changed it: without it readers would wait for the writer.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(unreadable)?;
    Ok(connection)
}

fn check_sqlite() -> Result<(), OpenError> {
    let (number, needed) = OLDEST_SAFE_SQLITE;
    if rusqlite::version_number() >= number {
        return Ok(());
    }
    Err(OpenError::SqliteTooOld { found: rusqlite::version().to_owned(), needed })
}
