//! Compares the tables, indexes and triggers of a database with those that schema.sql makes. Nothing may be
//! added: another program's trigger would run with every change.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use crate::store::schema::SCHEMA;
use crate::store::sqlite::connection;

/// The tables in which ANALYZE keeps its statistics. They change no result.
const STATISTICS: [&str; 3] = ["sqlite_stat1", "sqlite_stat3", "sqlite_stat4"];

/// The kind and the name of an entry of `sqlite_schema`.
type Name = (String, String);

/// The first difference from the current schema.
pub(super) fn difference_from_current(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    let mut expected = current()?;
    let mut statement = connection.prepare(SELECT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let ((kind, name), sql) = read(row)?;
        if is_of_sqlite(&kind, &name, sql.as_ref()) {
            continue;
        }
        match expected.remove(&(kind.clone(), name.clone())) {
            None => return Ok(Some(format!("the {kind} {name} is not part of this program's schema"))),
            Some(expected) if expected != sql => {
                return Ok(Some(format!("the {kind} {name} differs from this program's schema")));
            }
            Some(_) => {}
        }
    }
    Ok(expected.into_keys().next().map(|(kind, name)| format!("the {kind} {name} is missing")))
}

const SELECT: &str = "SELECT type, name, sql FROM sqlite_schema";

/// The entries that schema.sql makes.
fn current() -> Result<BTreeMap<Name, Option<String>>, rusqlite::Error> {
    let connection = connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    let mut statement = connection.prepare(SELECT)?;
    let made: Vec<(Name, Option<String>)> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(made.into_iter().filter(|((kind, name), sql)| !is_of_sqlite(kind, name, sql.as_ref())).collect())
}

fn read(row: &Row<'_>) -> Result<(Name, Option<String>), rusqlite::Error> {
    let (kind, name, sql): (String, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let sql = sql.map(|sql| unquoted(&normalized(&sql), &name));
    Ok(((kind, name), sql))
}

/// Whether SQLite itself created an entry: statistics, and the indexes of UNIQUE and PRIMARY KEY, which are the only
/// entries without a statement.
fn is_of_sqlite(kind: &str, name: &str, sql: Option<&String>) -> bool {
    match kind {
        "table" => STATISTICS.contains(&name),
        "index" => sql.is_none() && name.starts_with("sqlite_autoindex_"),
        _ => false,
    }
}

/// A statement without its comments, with one space between words and none beside brackets and commas: two texts
/// that differ only in these make the same schema.
fn normalized(sql: &str) -> String {
    let (mut text, mut quote) = (String::with_capacity(sql.len()), None);
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match quote {
            Some(open) => {
                text.push(c);
                quote = Some(open).filter(|open| *open != c);
            }
            None if c == '-' && rest.peek() == Some(&'-') => {
                rest.by_ref().take_while(|c| *c != '\n').for_each(drop);
                push_space(&mut text);
            }
            None if c.is_ascii_whitespace() => push_space(&mut text),
            None => {
                if is_separator(c) && text.ends_with(' ') {
                    text.pop();
                }
                text.push(c);
                quote = Some(c).filter(|c| ['\'', '"', '`'].contains(c));
            }
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn is_separator(c: char) -> bool {
    ['(', ')', ','].contains(&c)
}

fn push_space(text: &mut String) {
    if !text.ends_with(|last| last == ' ' || is_separator(last)) {
        text.push(' ');
    }
}

/// A table's statement with its own name unquoted: ALTER TABLE … RENAME quotes it.
fn unquoted(sql: &str, name: &str) -> String {
    match sql.strip_prefix(&format!("CREATE TABLE \"{name}\"")) {
        Some(rest) => format!("CREATE TABLE {name}{rest}"),
        None => sql.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The difference that is found in a new database after this change to it.
    fn found(change: &str) -> Option<String> {
        let connection = connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        connection.execute_batch(change).unwrap();
        difference_from_current(&connection).unwrap()
    }

    #[test]
    fn a_new_database_has_no_difference_also_with_statistics() {
        assert_eq!(found(""), None);
        assert_eq!(found("ANALYZE"), None);
    }

    #[test]
    fn an_addition_a_loss_and_a_change_are_each_found() {
        for (change, expected) in [
            (
                "CREATE TRIGGER evil AFTER INSERT ON licenses BEGIN DELETE FROM blocks; END",
                "trigger evil is not part of",
            ),
            ("CREATE VIEW v AS SELECT 1", "view v is not part of"),
            ("CREATE TABLE more (id INTEGER)", "table more is not part of"),
            ("CREATE INDEX more ON licenses (validity)", "index more is not part of"),
            ("DROP TRIGGER blocks_deleted", "trigger blocks_deleted is missing"),
            ("ALTER TABLE blocks ADD COLUMN more TEXT", "table blocks differs from"),
        ] {
            let found = found(change).unwrap();
            assert!(found.contains(expected), "{change}: {found}");
        }
    }

    #[test]
    fn comments_and_spaces_are_ignored_and_quoted_text_is_not() {
        assert_eq!(normalized("a  (b, -- one\n c)"), normalized("a( b ,-- another\n\tc)  "));
        assert_ne!(normalized("a b"), normalized("ab"));
        assert_ne!(normalized("a 'b--c'"), normalized("a 'b--d'"));
        assert_ne!(normalized("a 'b  c'"), normalized("a 'b c'"));
        assert_ne!(normalized("a 'b''  c'"), normalized("a 'b'' c'"));
    }

    #[test]
    fn a_column_that_alter_added_and_a_renamed_table_are_as_if_written_so() {
        let statement = |sql: &str, table: &str| {
            let connection = connection::open_in_memory().unwrap();
            connection.execute_batch(sql).unwrap();
            let statement = "SELECT type, name, sql FROM sqlite_schema WHERE name = ?1";
            connection.query_row(statement, [table], read).unwrap().1.unwrap()
        };
        let written = "CREATE TABLE t (\n    a INTEGER NOT NULL,  -- one\n    b TEXT, -- two\n    \
                       c INTEGER NOT NULL DEFAULT 0,\n    UNIQUE (a, b)\n) STRICT";
        let added = "CREATE TABLE t (\n    a INTEGER NOT NULL,  -- one\n    b TEXT, -- two\n    UNIQUE (a, b)\n) \
                     STRICT; ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 0";
        assert_eq!(statement(written, "t"), statement(added, "t"));
        let renamed = format!("{}; ALTER TABLE other RENAME TO t", written.replacen(" t ", " other ", 1));
        assert_eq!(statement(written, "t"), statement(&renamed, "t"));
    }
}
