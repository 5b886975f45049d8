//! `doctor`: finds what is wrong, says what mends it, and touches nothing.

mod sound;
mod faults;
mod system;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::SystemTime;

use serde_json::Value;

use crate::support::{create_license, done, initialized, keyseal};

/// Every check, in order.
const CHECKS: [&str; 33] = [
    "settings",
    "data directory",
    "permissions",
    "disk space",
    "global key",
    "product keys",
    "api keys",
    "old api keys",
    "database",
    "integrity",
    "references",
    "write-ahead log",
    "pages",
    "contract keys",
    "owners",
    "audit trail",
    "telemetry",
    "refusals",
    "usage",
    "answers",
    "webhooks",
    "upgrade copies",
    "downloads",
    "leftover files",
    "clock",
    "server",
    "listen address",
    "metrics address",
    "certificate",
    "public url",
    "trusted proxies",
    "open files",
    "sqlite",
];

/// A directory with all that doctor looks at.
fn sound() -> tempfile::TempDir {
    let data = initialized();
    // Made by the test, and not by the program.
    mode(data.path(), 0o700);
    done(data.path(), &["product", "create", "--name", "P", "--own-key"]);
    create_license(data.path(), "K", &[]);
    let file = tempfile::tempdir().unwrap();
    let file = file.path().join("app.zip");
    fs::write(&file, "a version").unwrap();
    let version = ["download", "add", "--product", "1", "--version", "1", "--numeric-version", "1"];
    done(data.path(), &[&version[..], &[file.to_str().unwrap()]].concat());
    data
}

/// Another directory with the same files; making keys takes longer.
fn copy_of(original: &Path) -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    mode(data.path(), 0o700);
    for (path, _) in traces(original) {
        let place = data.path().join(path.strip_prefix(original).unwrap());
        if path.is_dir() && path != original {
            fs::create_dir(&place).unwrap();
            mode(&place, 0o700);
        } else if path.is_file() {
            fs::copy(&path, &place).unwrap();
        }
    }
    data
}

/// Runs doctor, and gives its exit code and what it found by check. Every check must say something, whatever is wrong.
fn examine(data: &Path, listen: &str) -> (Option<i32>, BTreeMap<String, Value>) {
    found(&keyseal(data, &["--json", "doctor", "--listen", listen]))
}

/// The same, of what it said.
fn found(output: &Output) -> (Option<i32>, BTreeMap<String, Value>) {
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    assert_eq!(names, CHECKS);
    let wrong = findings.iter().filter(|finding| finding["state"] == "wrong").count();
    assert_eq!(output.status.code(), Some(i32::from(wrong > 0)), "{findings:?}");
    for finding in &findings {
        let needs_help = ["wrong", "warning"].contains(&finding["state"].as_str().unwrap());
        assert_eq!(finding["next"].is_string(), needs_help, "{finding}");
    }
    (
        output.status.code(),
        findings
            .into_iter()
            .map(|finding| (finding["check"].as_str().unwrap().to_owned(), finding))
            .collect(),
    )
}

/// A longer file is known by its times alone.
const LONG: u64 = 16 * 1024 * 1024;

/// All that a look could change: names, content, modes and times.
fn traces(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        let about = fs::metadata(&path).unwrap();
        let content =
            if about.is_dir() || about.len() > LONG { Vec::new() } else { fs::read(&path).unwrap() };
        if about.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.insert(path, (content, about.mode(), about.modified().unwrap()));
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "plays whoever damages the database")]
fn harm(data: &Path, sql: &str) {
    let database = rusqlite::Connection::open(data.join("keyseal.db")).unwrap();
    database.execute_batch(sql).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
