//! Whether a database has the tables, indexes and triggers that schema.sql makes, and nothing else: a trigger
//! of somebody's would run with each change.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use crate::store::schema;
use crate::store::sqlite::connection;

/// The tables in which ANALYZE keeps what it counted: SQLite's own, and nobody's answer depends on them.
const STATISTICS: [&str; 3] = ["sqlite_stat1", "sqlite_stat3", "sqlite_stat4"];

/// The kind and the name of something in a schema.
type Name = (String, String);

/// The first thing that is other than this program makes it; `None`: all is. An older version's step up must
/// leave it so, too.
pub(in crate::store) fn first_difference(connection: &Connection) -> Result<Option<String>, rusqlite::Error> {
    let mut expected = ours()?;
    let mut statement = connection.prepare(SELECT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let ((kind, name), sql) = read(row)?;
        if is_of_sqlite(&kind, &name, sql.as_ref()) {
            continue;
        }
        match expected.remove(&(kind.clone(), name.clone())) {
            None => return Ok(Some(format!("the {kind} {name} is none that this program makes"))),
            Some(ours) if ours != sql => {
                return Ok(Some(format!("the {kind} {name} is not as this program makes it")));
            }
            Some(_) => {}
        }
    }
    Ok(expected.into_keys().next().map(|(kind, name)| format!("the {kind} {name} is missing")))
}

const SELECT: &str = "SELECT type, name, sql FROM sqlite_schema";

fn ours() -> Result<BTreeMap<Name, Option<String>>, rusqlite::Error> {
    let connection = connection::open_in_memory()?;
    connection.execute_batch(schema::SCHEMA)?;
    let mut statement = connection.prepare(SELECT)?;
    let made: Vec<(Name, Option<String>)> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(made.into_iter().filter(|((kind, name), sql)| !is_of_sqlite(kind, name, sql.as_ref())).collect())
}

fn read(row: &Row<'_>) -> Result<(Name, Option<String>), rusqlite::Error> {
    let sql: Option<String> = row.get(2)?;
    Ok(((row.get(0)?, row.get(1)?), sql.map(|sql| meaning(&sql))))
}

/// Statistics, and the indexes that follow from a table's own statement: those alone have none.
fn is_of_sqlite(kind: &str, name: &str, sql: Option<&String>) -> bool {
    match kind {
        "table" => STATISTICS.contains(&name),
        "index" => sql.is_none() && name.starts_with("sqlite_autoindex_"),
        _ => false,
    }
}

/// A statement without its comments, and with one space where there is any: a comment that is put in other
/// words later makes no other database.
fn meaning(sql: &str) -> String {
    let (mut meaning, mut quote) = (String::with_capacity(sql.len()), None);
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match quote {
            Some(open) => {
                meaning.push(c);
                quote = Some(open).filter(|open| *open != c);
            }
            None if c == '-' && rest.peek() == Some(&'-') => {
                rest.by_ref().take_while(|c| *c != '\n').for_each(drop);
                space(&mut meaning);
            }
            None if c.is_ascii_whitespace() => space(&mut meaning),
            None => {
                meaning.push(c);
                quote = Some(c).filter(|c| ['\'', '"', '`'].contains(c));
            }
        }
    }
    meaning.truncate(meaning.trim_end().len());
    meaning
}

fn space(text: &mut String) {
    if !text.ends_with(' ') {
        text.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a database as this program makes it, after this was done to it.
    fn found(harm: &str) -> Option<String> {
        let connection = connection::open_in_memory().unwrap();
        connection.execute_batch(schema::SCHEMA).unwrap();
        connection.execute_batch(harm).unwrap();
        first_difference(&connection).unwrap()
    }

    #[test]
    fn what_this_program_made_is_its_own_also_with_statistics() {
        assert_eq!(found(""), None);
        assert_eq!(found("ANALYZE"), None);
    }

    #[test]
    fn whatever_is_more_or_less_or_other_is_told() {
        for (harm, told) in [
            (
                "CREATE TRIGGER evil AFTER INSERT ON licenses BEGIN DELETE FROM blocks; END",
                "trigger evil is none",
            ),
            ("CREATE VIEW v AS SELECT 1", "view v is none"),
            ("CREATE TABLE more (id INTEGER)", "table more is none"),
            ("CREATE INDEX more ON licenses (validity)", "index more is none"),
            ("DROP TRIGGER blocks_deleted", "trigger blocks_deleted is missing"),
            ("ALTER TABLE blocks ADD COLUMN more TEXT", "table blocks is not as"),
        ] {
            let found = found(harm).unwrap();
            assert!(found.contains(told), "{harm}: {found}");
        }
    }

    #[test]
    fn comments_and_spaces_mean_nothing_and_quoted_text_does() {
        assert_eq!(meaning("a  (b, -- one\n c)"), meaning("a (b, -- another\n\tc)  "));
        assert_ne!(meaning("a 'b--c'"), meaning("a 'b--d'"));
        assert_ne!(meaning("a 'b  c'"), meaning("a 'b c'"));
        assert_ne!(meaning("a 'b''  c'"), meaning("a 'b'' c'"));
    }
}
