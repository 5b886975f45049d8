//! What a power cut left, as the program and as SQLite alone see it.

use std::collections::BTreeMap;
use std::fs;

use keyseal_test_disk::Image;

use crate::records::{self, Record};
use crate::support::World;

pub const DATABASE: &str = "keyseal.db";
pub const LOG: &str = "keyseal.db-wal";

/// How many of the activations a started server is asked about.
const ASKED: usize = 5;

/// Who opens an image first. Then SQLite alone reads its tables, always.
#[derive(Clone, Copy)]
pub enum Look {
    Tables,
    Server,
    Command,
}

impl Look {
    pub fn nth(number: usize) -> Self {
        match number % 20 {
            0 | 7 => Self::Server,
            13 => Self::Command,
            _ => Self::Tables,
        }
    }
}

pub enum Found {
    Corrupt(String),
    Sound { records: BTreeMap<Record, String>, over_limit: Vec<String> },
}

pub fn look(world: &World, image: &Image, look: Look) -> Found {
    let copy = world.without_database();
    for (name, bytes) in image {
        fs::write(copy.path().join(name), bytes).unwrap();
    }
    match look {
        Look::Tables => {}
        Look::Server => ask_server(&copy),
        Look::Command => drop(copy.command(&["license", "list"])),
    }
    let database = copy.database();
    if let Some(flaw) = database.flaw() {
        return Found::Corrupt(flaw);
    }
    let over_limit = records::over_limit(&database).into_iter().flatten();
    Found::Sound { records: records::read(&database), over_limit: over_limit.collect() }
}

/// The server starts on it, and what it says of activations is what the tables say.
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
