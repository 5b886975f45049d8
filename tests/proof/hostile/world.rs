//! The sample world with what it lacks for every endpoint to have something to do, and a server on it that is
//! watched from outside.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::fields;
use crate::support::{Database, Server, keyseal};

/// For the C library's allocator: give back at once what is freed, so that what a process holds is what it needs.
const FRUGAL: &[(&str, &str)] =
    &[("MALLOC_ARENA_MAX", "2"), ("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "65536")];

/// The key of the sample world that may do everything.
const DEMO_API_KEY: &str = "2964c3c9-0b5d-4d89-b3ac-4668f30bc492";

pub struct HostileWorld {
    data: TempDir,
    pub global_key: String,
    pub product_key: String,
}

impl HostileWorld {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        // It makes its world and begins to serve; only the world is wanted.
        drop(Server::demo(&data, DEMO_API_KEY));
        take_own_api_keys(&data);
        let text = |value: &Value| value["public_key"].as_str().unwrap().to_owned();
        let world = Self {
            global_key: text(&keyseal(&data, &["signing-key", "public"])),
            product_key: text(&keyseal(&data, &["signing-key", "public", "--product", "1"])),
            data: directory,
        };
        world.furnish();
        world
    }

    fn data(&self) -> PathBuf {
        self.data.path().join("data")
    }

    fn furnish(&self) {
        let file = self.data.path().join("app.zip");
        fs::write(&file, b"what a customer downloads").unwrap();
        let add = ["download", "add", "--product", "1", "--version", "1.0.2", "--numeric-version", "102"];
        keyseal(&self.data(), &[&add[..], &[file.to_str().unwrap()]].concat());
        for name in ["Fourth", "Fifth", "Sixth"] {
            keyseal(&self.data(), &["product", "create", "--name", name]);
        }
        for product in ["1", "2", "4"] {
            keyseal(&self.data(), &["generator", "create", "--product", product, "--method", "uuid"]);
        }
    }

    /// Starts the server: it logs to a file what is wrong, and believes what proxies on this machine say of
    /// their clients.
    pub fn serve(&self) -> Server {
        let log = File::create(self.log()).unwrap();
        Server::start_logged(&self.data(), fields::API_KEY, &["--trusted-proxy", "127.0.0.1"], FRUGAL, log)
    }

    fn log(&self) -> PathBuf {
        self.data.path().join("server.log")
    }

    /// Panics if the server logged a panic or an error; gives how many warnings it logged. `allowed`: what an
    /// error may say, because it is of no request: actix's word for what is no HTTP.
    pub fn check_log(&self, allowed: Option<&str>) -> usize {
        let log = fs::read_to_string(self.log()).unwrap();
        let is_allowed = |line: &&str| !allowed.is_some_and(|allowed| line.contains(allowed));
        let log = log.lines().filter(is_allowed).collect::<Vec<_>>().join("\n");
        let bad: Vec<&str> =
            log.lines().filter(|line| line.contains("panicked") || line.contains("ERROR")).take(5).collect();
        assert!(bad.is_empty(), "the server logged {bad:#?}");
        log.lines().filter(|line| line.contains("WARN")).count()
    }

    pub fn database(&self) -> Database {
        Database::open(&self.data())
    }
}

/// Has other texts than the sample world's for its API keys: no server starts with keys that everybody knows.
#[expect(clippy::disallowed_methods, reason = "no command gives a key another text")]
fn take_own_api_keys(data: &Path) {
    let database = Connection::open(data.join("keyseal.db")).unwrap();
    for (id, text) in (1..).zip([&[fields::API_KEY], &fields::OTHER_API_KEYS[..5]].concat()) {
        let hash = Sha256::digest(text).to_vec();
        assert_eq!(database.execute("UPDATE api_keys SET key_hash = ?1 WHERE id = ?2", (hash, id)), Ok(1));
    }
}

/// What a process has open, but for the files of its database: a reader opens those when it first reads.
pub fn open_files(process: u32) -> Vec<String> {
    let links = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    // One may be closed while it is looked at.
    let targets = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
    let targets = targets.map(|target| target.to_string_lossy().into_owned());
    targets.filter(|target| !target.contains("keyseal.db")).collect()
}

/// Waits until a process has no more open than it had: a connection that its client closed takes it a moment to see.
pub fn check_open_files(process: u32, had: &[String]) {
    let started = Instant::now();
    loop {
        let now = open_files(process);
        if now.len() <= had.len() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{had:?} were open, and now {now:?} are");
        std::thread::sleep(Duration::from_millis(20));
    }
}
