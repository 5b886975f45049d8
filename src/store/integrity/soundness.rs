//! Whether a database is sound, and what is in it by number: for backups, which must prove it, and for
//! `doctor`, which looks.

use std::collections::BTreeMap;

use crate::domain::Timestamp;
use crate::store::nouns::licenses;
use crate::store::schema::{self, shape};
use crate::store::{Error, Tx};

/// How many faults of one kind are told one by one.
const MAX_TOLD: usize = 10;

/// The columns that hold the moment of an entry. Others may lie ahead of it, as the end of a license or the
/// next attempt of a message.
const MOMENTS: [&str; 5] = ["created_at", "updated_at", "activated_at", "last_used_at", "finished_at"];

/// Rows by table.
pub type TableCounts = BTreeMap<String, i64>;

/// What a database file consists of: all its pages, those of them that are free, and the bytes in each.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    pub all: i64,
    pub free: i64,
    pub bytes: i64,
}

impl Tx<'_> {
    /// The rows of every table.
    pub fn table_counts(&self) -> Result<TableCounts, Error> {
        let count = |table: String| {
            let rows = self.connection.query_row(
                &format!("SELECT count(*) FROM {}", quoted(&table)),
                [],
                |row| row.get(0),
            )?;
            Ok((table, rows))
        };
        self.tables()?.into_iter().map(count).collect()
    }

    /// What is wrong with the file, nothing if it is sound: its structure, its schema, and licenses whose
    /// numbers are not as they were written. No less than what a server refuses. Reads all of it.
    pub fn faults(&self) -> Result<Vec<String>, Error> {
        let mut statement = self.connection.prepare(&format!("PRAGMA integrity_check({MAX_TOLD})"))?;
        let faults: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if faults != ["ok"] {
            return Ok(faults);
        }
        // What follows can be asked only of what is sound so far.
        if let Some(difference) = shape::first_difference(self.connection)? {
            return Ok(vec![difference]);
        }
        // The checksums of an older version are looked at once it is upgraded.
        if !schema::is_current(self.connection)? {
            return Ok(Vec::new());
        }
        Ok(licenses::first_with_a_broken_seal(self.connection)?
            .into_iter()
            .map(licenses::broken_seal)
            .collect())
    }

    /// Rows that refer to one that isn't there, at most ten, each as a table and the row's number.
    pub fn broken_references(&self) -> Result<Vec<String>, Error> {
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let rows = statement.query_map([], |row| {
            let (table, id): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
            Ok(id.map_or_else(|| table.clone(), |id| format!("{table} {id}")))
        })?;
        Ok(rows.take(MAX_TOLD).collect::<Result<_, _>>()?)
    }

    pub fn pages(&self) -> Result<Pages, Error> {
        let number = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get(0));
        Ok(Pages { all: number("page_count")?, free: number("freelist_count")?, bytes: number("page_size")? })
    }

    /// The newest entry: which table it is in, and its moment. `None`: there is none. Reads every row.
    pub fn newest_entry(&self) -> Result<Option<(String, Timestamp)>, Error> {
        let mut newest: Option<(String, Timestamp)> = None;
        for table in self.tables()? {
            for column in self.moments(&table)? {
                let sql = format!("SELECT max({column}) FROM {}", quoted(&table));
                let found: Option<i64> = self.connection.query_row(&sql, [], |row| row.get(0))?;
                if let Some(found) = found
                    && newest.as_ref().is_none_or(|(_, moment)| moment.0 < found)
                {
                    newest = Some((table.clone(), Timestamp(found)));
                }
            }
        }
        Ok(newest)
    }

    fn tables(&self) -> Result<Vec<String>, Error> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    fn moments(&self, table: &str) -> Result<Vec<&'static str>, Error> {
        let mut statement = self.connection.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
        let columns: Vec<String> =
            statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(MOMENTS.into_iter().filter(|moment| columns.iter().any(|column| column == moment)).collect())
    }
}

/// A table's name as SQL takes any.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
