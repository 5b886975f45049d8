//! All that a small database holds, kept in memory to be put back: what a demo begins with.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use crate::store::{Error, Tx};

/// The tables and their rows.
pub struct Contents(Vec<Table>);

struct Table {
    name: String,
    /// Their names, of those that are written.
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Counts how often the blocklist changed. It goes on counting: were it put back, the next change would have
/// a number that the copy of the list in memory has seen.
const KEPT: &str = "blocklist_revision";

impl Tx<'_> {
    /// Reads everything: only for what is known to be small.
    pub fn contents(&self) -> Result<Contents, Error> {
        // Internal tables are not to be written, but for the one that remembers which ids were used.
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name NOT GLOB 'sqlite_*' OR name = 'sqlite_sequence')
                   AND name <> ?1 ORDER BY name = 'sqlite_sequence', name";
        let names: Vec<String> =
            self.connection.prepare(sql)?.query_map([KEPT], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Contents(names.into_iter().map(|name| self.table(name)).collect::<Result<_, Error>>()?))
    }

    fn table(&self, name: String) -> Result<Table, Error> {
        // Columns that SQLite makes of others are not among them.
        let mut names = self.connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let columns: Vec<String> = names.query_map([&name], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut statement =
            self.connection.prepare(&format!("SELECT {} FROM \"{name}\"", columns.join(", ")))?;
        let row = |row: &Row<'_>| (0..columns.len()).map(|column| row.get(column)).collect();
        let rows = statement.query_map([], row)?.collect::<Result<_, _>>()?;
        Ok(Table { name, columns, rows })
    }

    /// Makes the database hold what it held, and nothing else; ids too are given out again as they were then.
    pub fn restore(&self, contents: &Contents) -> Result<(), Error> {
        // Rows refer to each other across tables; at the end all is there again.
        self.connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        for table in &contents.0 {
            self.connection.execute(&format!("DELETE FROM \"{}\"", table.name), [])?;
        }
        for table in &contents.0 {
            let places = vec!["?"; table.columns.len()].join(", ");
            // Inserting into the others has written this one.
            if table.name == "sqlite_sequence" {
                self.connection.execute("DELETE FROM sqlite_sequence", [])?;
            }
            let columns = table.columns.join(", ");
            let mut insert = self
                .connection
                .prepare(&format!("INSERT INTO \"{}\" ({columns}) VALUES ({places})", table.name))?;
            for row in &table.rows {
                insert.execute(params_from_iter(row))?;
            }
        }
        Ok(())
    }
}
