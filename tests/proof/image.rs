//! Opens the files that a power cut left, by the program and by SQLite alone.

use std::collections::BTreeMap;
use std::fs;

use keyseal_test_disk::Image;

use crate::records::{self, Record};
use crate::support::World;

pub const DATABASE: &str = "keyseal.db";
pub const LOG: &str = "keyseal.db-wal";

/// How many activations the server is asked to verify.
const ASKED: usize = 5;

/// What opens the files first. SQLite alone reads the tables afterwards.
#[derive(Clone, Copy)]
pub enum FirstToOpen {
    SqliteAlone,
    Server,
    Command,
}

impl FirstToOpen {
    pub fn nth(number: usize) -> Self {
        match number % 20 {
            0 | 7 => Self::Server,
            13 => Self::Command,
            _ => Self::SqliteAlone,
        }
    }
}

pub enum Found {
    Corrupt(String),
    Sound { records: BTreeMap<Record, String>, over_limit: Vec<String> },
}

pub fn inspect(world: &World, image: &Image, first: FirstToOpen) -> Found {
    let copy = world.without_database();
    for (name, bytes) in image {
        fs::write(copy.path().join(name), bytes).unwrap();
    }
    match first {
        FirstToOpen::SqliteAlone => {}
        FirstToOpen::Server => ask_server(&copy),
        FirstToOpen::Command => drop(copy.command(&["license", "list"])),
    }
    let database = copy.database();
    if let Some(flaw) = database.flaw() {
        return Found::Corrupt(flaw);
    }
    let over_limit = records::over_limit(&database).into_iter().flatten();
    Found::Sound { records: records::read(&database), over_limit: over_limit.collect() }
}

/// Panics unless the server starts and verifies the activations that the tables hold.
fn ask_server(copy: &World) {
    let server = copy.serve_here();
    let mut client = server.client();
    let records = records::read(&copy.database());
    let activations = records.keys().filter_map(|record| match record {
        Record::Activation(key, identifier) => Some((key, identifier)),
        _ => None,
    });
    for (key, identifier) in activations.take(ASKED) {
        let fields = [("license_key", key.as_str()), ("identifier", identifier)];
        assert_eq!(client.post("verify", &fields).unwrap().code, 200, "{key} {identifier}");
    }
    drop(client);
    server.stop();
}
