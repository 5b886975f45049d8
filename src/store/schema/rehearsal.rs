//! Rehearses an upgrade in memory: shows whether an older database has the schema that the steps expect, before
//! anything in it is changed.

use rusqlite::Connection;

use crate::store::schema::VERSION;
use crate::store::schema::functions;
use crate::store::schema::shape::difference_from_current;
use crate::store::schema::steps::STEPS;
use crate::store::sqlite::connection;

/// The statements that make a schema, tables before what belongs to them. SQLite makes the rest by itself.
const STATEMENTS: &str = "SELECT sql FROM sqlite_schema
     WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
     ORDER BY type <> 'table', type <> 'index', rowid";

/// The first difference between the schema of a database and the one that its version should have; `None`: there is
/// none.
///
/// An older schema is compared after the upgrade steps have run on it in memory.
pub(in crate::store) fn first_difference(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version >= VERSION {
        return difference_from_current(connection);
    }
    match rehearse(connection, version) {
        Ok(rehearsal) => difference_from_current(&rehearsal),
        Err(RehearsalError::Read(error)) => Err(error),
        Err(RehearsalError::Failed(error)) => {
            Ok(Some(format!("its tables are not those of schema {version}: {error}")))
        }
    }
}

/// The schema could not be rehearsed.
enum RehearsalError {
    /// The database could not be read.
    Read(rusqlite::Error),
    /// A statement of the schema, or a step, failed.
    Failed(rusqlite::Error),
}

/// A database in memory with the schema of `older` but without its rows, stepped up from `version`.
fn rehearse(older: &Connection, version: i64) -> Result<Connection, RehearsalError> {
    let statements = statements(older).map_err(RehearsalError::Read)?;
    play(&statements, version).map_err(RehearsalError::Failed)
}

fn statements(older: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    older.prepare(STATEMENTS)?.query_map([], |row| row.get(0))?.collect()
}

fn play(statements: &[String], version: i64) -> Result<Connection, rusqlite::Error> {
    let rehearsal = connection::open_in_memory()?;
    functions::register(&rehearsal)?;
    for statement in statements {
        // Refuses more than one statement: SQLite itself reads no further than the first.
        rehearsal.execute(statement, [])?;
    }
    for step in STEPS.iter().filter(|step| step.version > version) {
        rehearsal.execute_batch(step.sql)?;
    }
    Ok(rehearsal)
}
