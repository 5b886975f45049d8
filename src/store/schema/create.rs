//! Makes a new database from schema.sql.

use std::fs;

use crate::files::{self, DataDir, create_private_file, exists, remove_if_there};
use crate::store::OpenError;
use crate::store::schema::{APPLICATION_ID, SCHEMA, VERSION};
use crate::store::sqlite::connection::open_writing;
use crate::store::sqlite::errors::unreadable;

/// Creates a new database. Fails if one exists.
pub(in crate::store) fn create(data: &DataDir) -> Result<(), OpenError> {
    data.create()?;
    let path = data.database();
    if exists(&path)? {
        return Err(OpenError::Exists(path));
    }
    // Filled under a temporary name: an interruption leaves no partial database under the real one.
    let unfinished = path.with_extension("unfinished");
    let io_error = |what, source| files::Error::io(what, &unfinished, source);
    remove_if_there(&unfinished)?;
    // SQLite would create the file with the mode that the umask gives. The log beside it inherits this mode.
    create_private_file(&unfinished).map_err(|source| io_error("can't make", source))?;
    let unreadable = unreadable(&unfinished);
    let connection = open_writing(&unfinished).map_err(&unreadable)?;
    connection.execute_batch(&script()).map_err(&unreadable)?;
    connection.close().map_err(|(_, source)| unreadable(source))?;
    // A hard link, unlike a rename, fails if another process has made the database meanwhile.
    fs::hard_link(&unfinished, &path).map_err(|source| io_error("can't finish", source))?;
    Ok(fs::remove_file(&unfinished).map_err(|source| io_error("can't remove", source))?)
}

/// The statements that create the schema in an empty file.
fn script() -> String {
    format!(
        "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {SCHEMA}; PRAGMA application_id = {APPLICATION_ID}; \
         PRAGMA user_version = {VERSION}; COMMIT;"
    )
}
