//! Upgrading the data directories of released versions, which `tests/upgrade/` keeps.

mod commands;
mod killed;
mod power;
mod refused;
mod restored;
mod serving;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// The rows of each table, in the columns that were asked for.
type Dump = BTreeMap<String, Vec<Vec<Cell>>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upgrade")
}

/// The released versions whose data directories are kept.
fn versions() -> Vec<i64> {
    let entries =
        fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<i64> = entries.filter_map(|name| name.strip_prefix('v')?.parse().ok()).collect();
    versions.sort_unstable();
    versions
}

/// A copy of the data directory that a released version left.
fn kept(version: i64) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_files(&root().join(format!("v{version}/data")), copy.path());
    copy
}

fn api_key(version: i64) -> String {
    fs::read_to_string(root().join(format!("v{version}/api-key"))).unwrap().trim().to_owned()
}

/// Copies all files below a directory, private as a server wants them: version control keeps no modes.
fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_files(&path, &place);
        } else {
            fs::copy(&path, &place).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn sha256(path: &Path) -> String {
    Sha256::digest(fs::read(path).unwrap())
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The hashes of the database and of its log, if it has one.
fn hashes(data: &Path) -> [Option<String>; 2] {
    ["keyseal.db", "keyseal.db-wal"].map(|name| {
        let path = data.join(name);
        path.exists().then(|| sha256(&path))
    })
}

#[expect(clippy::disallowed_methods, reason = "looks at what the program left, without it")]
fn open(database: &Path) -> Connection {
    Connection::open(database).unwrap()
}

fn version(connection: &Connection) -> i64 {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// The columns that a step has renamed: table, old name, new name.
const RENAMED: [(&str, &str, &str); 1] = [("licenses", "seal", "checksum")];

/// The columns of each table, `sqlite_sequence` included: no id may be used again after an upgrade.
fn columns(connection: &Connection) -> BTreeMap<String, Vec<String>> {
    let sql =
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'";
    let mut statement = connection.prepare(sql).unwrap();
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        columns.entry(row.get(0).unwrap()).or_default().push(row.get(1).unwrap());
    }
    columns
}

/// The rows in these columns, which may have other names by now.
fn dump(connection: &Connection, columns: &BTreeMap<String, Vec<String>>) -> Dump {
    let new_name = |table: &str, column: &String| {
        let sql = "SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2";
        if connection.prepare(sql).unwrap().exists([table, column]).unwrap() {
            return column.clone();
        }
        let renamed = RENAMED.iter().find(|(in_table, old, _)| *in_table == table && old == column);
        renamed.unwrap_or_else(|| panic!("the column {column} of {table} is gone")).2.to_owned()
    };
    let rows = |(table, columns): (&String, &Vec<String>)| {
        let columns: Vec<String> = columns.iter().map(|column| new_name(table, column)).collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY 1, 2", columns.join(", "));
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| (0..columns.len()).map(|column| row.get(column)).collect());
        (table.clone(), rows.unwrap().map(Result::unwrap).collect())
    };
    columns.iter().map(rows).collect()
}
