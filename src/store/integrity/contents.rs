//! The whole content of a small database in memory, to be restored later: a demo returns to it on reset.

use crate::store::sql::{ToValue, Value};
use crate::store::{Error, Tx};

/// The content of a database: all tables with their rows.
pub struct Contents(Vec<Table>);

struct Table {
    name: String,
    /// The names of the table's columns, without generated columns.
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// The table that counts changes of the blocklist. It is not restored: the next change would then get a number that
/// the cached blocklist already has.
const NOT_RESTORED: &str = "blocklist_revision";

impl Tx<'_> {
    /// Reads everything: only for databases that are known to be small.
    pub fn contents(&self) -> Result<Contents, Error> {
        // SQLite's own tables can't be written, except for the one that remembers the highest ids.
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
                   AND (name NOT GLOB 'sqlite_*' OR name = 'sqlite_sequence')
                   AND name <> ?1 ORDER BY name = 'sqlite_sequence', name";
        let names: Vec<String> = self.sql(sql).all(&[&NOT_RESTORED], |row| row.get(0))?;
        Ok(Contents(names.into_iter().map(|name| self.table(name)).collect::<Result<_, Error>>()?))
    }

    fn table(&self, name: String) -> Result<Table, Error> {
        // The list leaves out generated columns.
        let columns: Vec<String> =
            self.sql("SELECT name FROM pragma_table_info(?1)").all(&[&name], |row| row.get(0))?;
        let sql = format!("SELECT {} FROM \"{name}\"", columns.join(", "));
        let rows = self.sql(&sql).all(&[], |row| {
            (0..columns.len()).map(|column| Ok(Cell::from(row.get::<Value<'_>>(column)?))).collect()
        })?;
        Ok(Table { name, columns, rows })
    }

    /// Replaces the content of the database. New ids continue after the last ones of the recorded content.
    pub fn restore(&self, contents: &Contents) -> Result<(), Error> {
        // Rows refer to rows of other tables, which may be restored after them.
        self.engine.execute_once(self.engine.dialect().defer_foreign_keys)?;
        for table in &contents.0 {
            self.sql(&format!("DELETE FROM \"{}\"", table.name)).execute(&[])?;
        }
        for table in &contents.0 {
            // Inserting into the other tables has written this one.
            if table.name == "sqlite_sequence" {
                self.sql("DELETE FROM sqlite_sequence").execute(&[])?;
            }
            let places: Vec<String> = (1..=table.columns.len()).map(|number| format!("?{number}")).collect();
            let (columns, places) = (table.columns.join(", "), places.join(", "));
            let sql = format!("INSERT INTO \"{}\" ({columns}) VALUES ({places})", table.name);
            let insert = self.sql(&sql);
            for row in &table.rows {
                let values: Vec<&dyn ToValue> = row.iter().map(|cell| cell as &dyn ToValue).collect();
                insert.execute(&values)?;
            }
        }
        Ok(())
    }
}

impl From<Value<'_>> for Cell {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.to_owned()),
        }
    }
}

impl ToValue for Cell {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(text),
            Self::Blob(bytes) => Value::Blob(bytes),
        }
    }
}
