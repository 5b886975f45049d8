//! `backup` and `restore`: what is copied comes back as it was, and what isn't as it was doesn't come back.

mod taking;
mod restoring;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::types::Value as Cell;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, done};

/// The sample world, with a version to download; and a directory for backups of it.
fn sample() -> (TempDir, TempDir) {
    let (data, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = crate::support::program();
    command.arg("--data").arg(data.path()).args(["demo", "--listen", "127.0.0.1:0"]);
    let mut demo = Server::run(&mut command);
    demo.log_until("Stop with Ctrl-C");
    assert_eq!(demo.end("-TERM").code, Some(0));
    // No server starts with them.
    done(data.path(), &["api-key", "disable", "--demo"]);
    let file = outside.path().join("app.zip");
    fs::write(&file, vec![7; 100_000]).unwrap();
    add_download(data.path(), &file, "900");
    (data, outside)
}

fn add_download(data: &Path, file: &Path, number: &str) {
    let version = ["download", "add", "--product", "1", "--version", number, "--numeric-version", number];
    done(data, &[&version[..], &[file.to_str().unwrap()]].concat());
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Everything in a database, by table.
#[expect(clippy::disallowed_methods, reason = "looks at what the program left, without it")]
fn dump(data: &Path) -> BTreeMap<String, Vec<Vec<Cell>>> {
    let database = rusqlite::Connection::open(data.join("keyseal.db")).unwrap();
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let rows = |table: &String| {
        let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
        rows.unwrap().map(Result::unwrap).collect()
    };
    tables.iter().map(|table| (table.clone(), rows(table))).collect()
}

/// All files below a directory, by name, with what is in them and their modes; directories with nothing.
fn files(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        let about = fs::metadata(&path).unwrap();
        let content = if about.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        found.insert(
            path.strip_prefix(directory).unwrap().to_owned(),
            (content, about.permissions().mode() & 0o777),
        );
        if about.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

/// Runs a command under a umask, and gives its result.
fn done_under(umask: &str, data: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new("sh");
    let script = format!("umask {umask}; exec \"$0\" --json --data \"$@\"");
    let command = command.args(["-c", &script, env!("CARGO_BIN_EXE_keyseal")]).arg(data).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
