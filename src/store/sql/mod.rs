//! The interface between the SQL in `nouns/` and the database engines: the text of a statement, the values it takes,
//! and the rows it returns.
//!
//! Each statement is written once, in the SQL that SQLite and PostgreSQL share. An engine replaces the placeholders
//! `?1`, `?2` … by its own and prepares each text once per connection. `dialect.rs` holds the differences.

mod value;

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::Error;
use super::dialect::Dialect;

pub use value::{FromValue, ToValue, Value};

/// An engine's connection, inside a transaction.
pub trait Engine {
    /// Runs a statement, and calls `on_row` for each row that it returns until that breaks.
    fn query(&self, text: &Text<'_>, values: &[&dyn ToValue], on_row: &mut OnRow<'_>) -> Result<(), Error>;

    /// Runs a statement that returns no rows. Returns how many rows it changed.
    fn execute(&self, text: &str, values: &[&dyn ToValue]) -> Result<usize, Error>;

    /// Runs statements that are used too rarely to be prepared.
    fn execute_once(&self, text: &str) -> Result<(), Error>;

    /// How many rows its statements have changed since it was opened, also in what was rolled back.
    fn changed_rows(&self) -> u64;

    fn dialect(&self) -> &'static Dialect;
}

/// The function that [`Engine::query`] calls for each row.
pub type OnRow<'a> = dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Error> + 'a;

/// A statement's text.
pub struct Text<'t> {
    pub sql: &'t str,
    /// Whether the rows that it reads stay locked until the transaction ends.
    pub locks_rows: bool,
}

impl<'t> Text<'t> {
    /// The text, with the dialect's SQL for locking rows if it locks any.
    pub fn in_dialect(&self, dialect: &Dialect) -> Cow<'t, str> {
        match dialect.lock_rows {
            "" => Cow::Borrowed(self.sql),
            lock_rows if self.locks_rows => Cow::Owned(format!("{}{lock_rows}", self.sql)),
            _ => Cow::Borrowed(self.sql),
        }
    }
}

/// A statement on an open transaction.
pub struct Statement<'t> {
    engine: &'t dyn Engine,
    text: Text<'t>,
}

impl<'t> Statement<'t> {
    pub(super) fn new(engine: &'t dyn Engine, sql: &'t str) -> Self {
        Self { engine, text: Text { sql, locks_rows: false } }
    }

    /// Makes the statement lock the rows that it reads until the transaction ends, if `locks` is true.
    pub(super) fn locking(mut self, locks: bool) -> Self {
        self.text.locks_rows = locks;
        self
    }

    /// Runs the statement. Returns its first row, if there is any.
    pub fn one<T>(
        &self,
        values: &[&dyn ToValue],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut found = None;
        self.engine.query(&self.text, values, &mut |row| {
            found = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// Runs a statement that always returns one row. Returns that row.
    pub fn only<T>(
        &self,
        values: &[&dyn ToValue],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let found = self.one(values, read)?;
        found.ok_or_else(|| {
            Error::failed(format!("a statement that must return a row returned none: {}", self.text.sql))
        })
    }

    /// Runs a statement that always returns one row. Returns the first column.
    pub fn value<T: for<'v> FromValue<'v>>(&self, values: &[&dyn ToValue]) -> Result<T, Error> {
        self.only(values, |row| row.get(0))
    }

    /// Runs the statement. Returns all rows.
    pub fn all<T>(
        &self,
        values: &[&dyn ToValue],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        self.each(values, |row| {
            found.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Runs the statement, and calls `on_row` for each row until that breaks.
    pub fn each(
        &self,
        values: &[&dyn ToValue],
        mut on_row: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        self.engine.query(&self.text, values, &mut on_row)
    }

    /// Runs the statement. Returns whether there is any row.
    pub fn exists(&self, values: &[&dyn ToValue]) -> Result<bool, Error> {
        Ok(self.one(values, |_| Ok(()))?.is_some())
    }

    /// Runs the statement. Returns how many rows it changed.
    pub fn execute(&self, values: &[&dyn ToValue]) -> Result<usize, Error> {
        self.engine.execute(self.text.sql, values)
    }
}

/// The columns of an engine's row.
pub trait Columns {
    /// The value of the column with this number, from 0.
    fn value(&self, column: usize) -> Result<Value<'_>, Error>;
}

/// A row that a statement returned.
pub struct Row<'r>(&'r dyn Columns);

impl<'r> Row<'r> {
    pub fn new(columns: &'r dyn Columns) -> Self {
        Self(columns)
    }

    /// The column with this number, from 0. Fails if it holds a value of another type.
    pub fn get<T: FromValue<'r>>(&self, column: usize) -> Result<T, Error> {
        let value = self.0.value(column)?;
        T::from_value(value).ok_or_else(|| {
            let kind = value.kind();
            Error::failed(format!("the database failed: column {column} holds an unexpected {kind}"))
        })
    }
}
