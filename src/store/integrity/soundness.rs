//! Counts the rows, the pages and the faults of a database: backups verify them, and `doctor` reports them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::domain::Timestamp;
use crate::store::{Error, Tx};

/// The maximum number of faults of one kind that are listed.
const MAX_LISTED: usize = 10;

/// The columns that hold the time of an entry. Other times may lie ahead of it: the end of a license, or the next
/// attempt of a webhook.
const ENTRY_TIMES: [&str; 5] = ["created_at", "updated_at", "activated_at", "last_used_at", "finished_at"];

/// The number of rows in each table.
pub type TableCounts = BTreeMap<String, i64>;

/// The pages of a database file, its free pages, and the bytes of each page.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    pub all: i64,
    pub free: i64,
    pub bytes: i64,
}

impl Tx<'_> {
    /// The number of rows in every table.
    pub fn table_counts(&self) -> Result<TableCounts, Error> {
        let count = |table: String| {
            let rows = self.sql(&format!("SELECT count(*) FROM {}", quoted(&table))).value(&[])?;
            Ok((table, rows))
        };
        self.tables()?.into_iter().map(count).collect()
    }

    /// The faults in the structure of the file, at most ten. Reads the whole file.
    pub(super) fn structural_faults(&self) -> Result<Vec<String>, Error> {
        let check = format!("PRAGMA integrity_check({MAX_LISTED})");
        let mut faults: Vec<String> = self.sql(&check).all(&[], |row| row.get(0))?;
        faults.retain(|fault| fault != "ok");
        Ok(faults)
    }

    /// Rows that refer to a row that doesn't exist, at most ten, each as a table and the row's number.
    pub fn broken_references(&self) -> Result<Vec<String>, Error> {
        let mut broken = Vec::new();
        self.sql("PRAGMA foreign_key_check").each(&[], |row| {
            let (table, id): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
            broken.push(id.map_or_else(|| table.clone(), |id| format!("{table} {id}")));
            Ok(if broken.len() < MAX_LISTED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(broken)
    }

    pub fn pages(&self) -> Result<Pages, Error> {
        Ok(Pages {
            all: self.sql("PRAGMA page_count").value(&[])?,
            free: self.sql("PRAGMA freelist_count").value(&[])?,
            bytes: self.sql("PRAGMA page_size").value(&[])?,
        })
    }

    /// The table and time of the newest entry; `None`: the database is empty. Reads every row.
    pub fn newest_entry(&self) -> Result<Option<(String, Timestamp)>, Error> {
        let mut newest: Option<(String, Timestamp)> = None;
        for table in self.tables()? {
            for column in self.entry_times(&table)? {
                let sql = format!("SELECT max({column}) FROM {}", quoted(&table));
                let found: Option<Timestamp> = self.sql(&sql).value(&[])?;
                if let Some(found) = found
                    && newest.as_ref().is_none_or(|(_, time)| time.0 < found.0)
                {
                    newest = Some((table.clone(), found));
                }
            }
        }
        Ok(newest)
    }

    fn tables(&self) -> Result<Vec<String>, Error> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
                   AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        self.sql(sql).all(&[], |row| row.get(0))
    }

    fn entry_times(&self, table: &str) -> Result<Vec<&'static str>, Error> {
        let sql = "SELECT name FROM pragma_table_info(?1)";
        let columns: Vec<String> = self.sql(sql).all(&[&table], |row| row.get(0))?;
        Ok(ENTRY_TIMES.into_iter().filter(|time| columns.iter().any(|column| column == time)).collect())
    }
}

/// A table's name quoted for SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
