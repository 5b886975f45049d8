//! Reads the database file by SQLite alone, without the server.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

pub struct Database(Connection);

impl Database {
    #[expect(clippy::disallowed_methods, reason = "no store of ours: it is the store that is judged")]
    pub fn open(data: &Path) -> Self {
        // Writable: the first connection after a crash recovers the write-ahead log.
        let mode = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self(Connection::open_with_flags(data.join("keyseal.db"), mode).unwrap())
    }

    /// The rows of a query for columns of text.
    pub fn rows<const N: usize>(&self, sql: &str) -> Vec<[String; N]> {
        let mut statement = self.0.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let mut cells = [const { String::new() }; N];
            for (at, cell) in cells.iter_mut().enumerate() {
                *cell = row.get(at)?;
            }
            Ok(cells)
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// Keeps a read snapshot open until the result is dropped.
    pub fn hold(&self) -> impl Drop + '_ {
        let held = self.0.unchecked_transaction().unwrap();
        held.query_row("SELECT count(*) FROM licenses", [], |_| Ok(())).unwrap();
        held
    }

    /// Panics unless SQLite finds nothing wrong with the file.
    pub fn check(&self) {
        assert_eq!(self.flaw(), None);
    }

    /// What SQLite finds wrong with the file.
    pub fn flaw(&self) -> Option<String> {
        let sound: Result<String, _> = self.0.query_row("PRAGMA integrity_check", [], |row| row.get(0));
        match sound {
            Ok(text) if text == "ok" => {}
            Ok(text) => return Some(text),
            Err(error) => return Some(error.to_string()),
        }
        let orphans = self.rows::<1>("SELECT \"table\" FROM pragma_foreign_key_check").len();
        (orphans > 0).then(|| format!("{orphans} rows that refer to none"))
    }
}
