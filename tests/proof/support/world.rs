//! A data directory of its own, with an API key and one product.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{Database, Local, Server};

pub struct World {
    data: TempDir,
    pub api_key: String,
}

impl World {
    pub fn new() -> Self {
        let world = Self::empty();
        world.command(&["product", "create", "--name", "Proven"]);
        world
    }

    /// A data directory without a product.
    pub fn empty() -> Self {
        let data = tempfile::tempdir().unwrap();
        let made = keyseal(data.path(), &["init"]);
        Self { api_key: made["api_key"].as_str().unwrap().to_owned(), data }
    }

    /// A new directory with the same keys and no database.
    pub fn without_database(&self) -> Self {
        let copy = Self { data: tempfile::tempdir().unwrap(), api_key: self.api_key.clone() };
        fs::create_dir(copy.path().join("keys")).unwrap();
        for key in fs::read_dir(self.path().join("keys")).unwrap() {
            let key = key.unwrap();
            fs::copy(key.path(), copy.path().join("keys").join(key.file_name())).unwrap();
        }
        copy
    }

    /// Runs a command and gives what it printed. Panics if it is refused.
    pub fn command(&self, arguments: &[&str]) -> Value {
        keyseal(self.data.path(), arguments)
    }

    pub fn path(&self) -> &Path {
        self.data.path()
    }

    /// Starts a server in this process.
    pub fn serve_here(&self) -> Local {
        Local::start(self.data.path(), &self.api_key)
    }

    /// Starts a server process.
    pub fn serve(&self) -> Server {
        Server::start(self.data.path(), &self.api_key)
    }

    /// Whether there is a write-ahead log. The last connection that closes removes it if it can.
    pub fn has_log(&self) -> bool {
        self.data.path().join("keyseal.db-wal").exists()
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Imports licenses from CSV.
    pub fn import(&self, csv: &str) {
        let files = tempfile::tempdir().unwrap();
        let file = files.path().join("licenses.csv");
        fs::write(&file, csv).unwrap();
        self.command(&["license", "import", file.to_str().unwrap()]);
    }

    /// Replaces the installation's key by one of 4096 bits, whose signatures take seven times as long.
    pub fn lengthen_global_key(&self) {
        fs::remove_file(self.path().join("keys/global.pem")).unwrap();
        self.command(&["signing-key", "generate", "--replace-lost", "--bits", "4096"]);
    }

    /// Panics unless the signature of an answer verifies under the installation's key.
    pub fn check_signature(&self, answer: &str) {
        let files = tempfile::tempdir().unwrap();
        let (reply, key) = (files.path().join("reply.json"), files.path().join("public.pem"));
        fs::write(&reply, answer).unwrap();
        let mut command = crate::support::program();
        let public = command.arg("--data").arg(self.path()).args(["signing-key", "public"]).output().unwrap();
        fs::write(&key, public.stdout).unwrap();
        self.command(&["check-reply", reply.to_str().unwrap(), "--public-key", key.to_str().unwrap()]);
    }

    /// A new directory, restored from a backup.
    pub fn restored_from(&self, backup: &Path) -> Self {
        let data = tempfile::tempdir().unwrap();
        keyseal(data.path(), &["restore", backup.to_str().unwrap()]);
        Self { data, api_key: self.api_key.clone() }
    }

    /// Opens the database file by SQLite alone.
    pub fn database(&self) -> Database {
        Database::open(self.data.path())
    }
}

/// Runs a command and gives what it printed. Panics if it is refused.
pub fn keyseal(data: &Path, arguments: &[&str]) -> Value {
    let mut command = crate::support::program();
    let output = command.args(["--json", "--data"]).arg(data).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
