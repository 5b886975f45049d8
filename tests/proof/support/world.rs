//! A data directory of its own, with an API key and one product.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::{Database, Server};

pub struct World {
    data: TempDir,
    pub api_key: String,
}

impl World {
    pub fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let made = keyseal(data.path(), &["init"]);
        let world = Self { api_key: made["api_key"].as_str().unwrap().to_owned(), data };
        world.command(&["product", "create", "--name", "Proven"]);
        world
    }

    /// Runs a command and gives what it printed. Panics if it is refused.
    pub fn command(&self, arguments: &[&str]) -> Value {
        keyseal(self.data.path(), arguments)
    }

    /// Starts the server on it.
    pub fn serve(&self) -> Server {
        Server::start(self.data.path(), &self.api_key)
    }

    /// Whether there is a write-ahead log: none, if the last to close the database could take it in.
    pub fn has_log(&self) -> bool {
        self.data.path().join("keyseal.db-wal").exists()
    }

    /// A look into the database file.
    pub fn database(&self) -> Database {
        Database::open(self.data.path())
    }
}

fn keyseal(data: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
    let output = command.args(["--json", "--data"]).arg(data).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
