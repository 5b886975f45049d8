//! Erasing a customer: his address and his name are in no file of the data directory any more.

mod everywhere;
mod namesakes;
mod remains;
mod unchangeable;
mod waiting;

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{done, initialized};

const EMAIL: &str = "Jane.Roe@Mail.example";
const NAME: &str = "Jane Q. Roe";

/// Texts that must be nowhere after the erasure, in lower case.
const TRACES: [&str; 4] = ["jane.roe@mail.example", "jane q. roe", "203.0.113.77", "jane.roe%40mail.example"];

/// Runs SQL on the database, for what no command and no request writes.
#[expect(clippy::disallowed_methods, reason = "plays a database with a past")]
fn execute(data: &Path, sql: &str) {
    let connection = Connection::open(data.join("keyseal.db")).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// Two products, a license of Jane, and one of somebody with a longer address.
fn world() -> TempDir {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "Editor"]);
    for (key, name, email) in [("JANES", NAME, EMAIL), ("OTHERS", "Mary", "mary.jane.roe@mail.example")] {
        let create = ["license", "create", "--product", "1", "--key", key, "--status", "assigned"];
        done(data.path(), &[&create[..], &["--owner-name", name, "--owner-email", email]].concat());
    }
    data
}

/// The files of a data directory in which one of the traces is, in whatever case.
fn found_in(data: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(data) {
        let content = fs::read(&path).unwrap().to_ascii_lowercase();
        for trace in TRACES {
            // Mary's address ends with Jane's.
            let is_there = content
                .windows(trace.len())
                .enumerate()
                .any(|(at, window)| window == trace.as_bytes() && !content[..at].ends_with(b"mary."));
            if is_there {
                found.push(format!("{trace} in {}", path.display()));
            }
        }
    }
    found
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn erase(data: &Path, options: &[&str]) -> Value {
    done(data, &[&["customer", "erase", "--email", "jane.roe@MAIL.example", "--yes"], options].concat())
}
