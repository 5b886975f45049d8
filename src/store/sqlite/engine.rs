//! The SQLite engine: runs the statements of `nouns/` as they are written.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use crate::store::Error;
use crate::store::dialect::{Dialect, SQLITE};
use crate::store::sql::{Columns, Engine, OnRow, Row, Text, ToValue, Value};

impl Engine for Connection {
    fn query(&self, text: &Text<'_>, values: &[&dyn ToValue], on_row: &mut OnRow<'_>) -> Result<(), Error> {
        let mut statement = prepare(self, &text.in_dialect(&SQLITE), values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if on_row(&Row::new(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn execute(&self, text: &str, values: &[&dyn ToValue]) -> Result<usize, Error> {
        Ok(prepare(self, text, values)?.raw_execute()?)
    }

    fn execute_once(&self, text: &str) -> Result<(), Error> {
        Ok(self.execute_batch(text)?)
    }

    fn changed_rows(&self) -> u64 {
        self.total_changes()
    }

    fn dialect(&self) -> &'static Dialect {
        &SQLITE
    }
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &str,
    values: &[&dyn ToValue],
) -> Result<CachedStatement<'c>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    if statement.parameter_count() != values.len() {
        return Err(Error::failed(format!("wrong number of values ({}) for: {sql}", values.len())));
    }
    for (number, value) in (1..).zip(values) {
        statement.raw_bind_parameter(number, value.to_value())?;
    }
    Ok(statement)
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, rusqlite::Error> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Columns for rusqlite::Row<'_> {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        let value = self.get_ref(column)?;
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(_) => Value::Text(value.as_str().map_err(rusqlite::Error::from)?),
            ValueRef::Blob(bytes) => Value::Blob(bytes),
            // No table of ours has a column for it.
            ValueRef::Real(_) => return Err(Error::failed(format!("column {column} holds a real number"))),
        })
    }
}
