//! What one client does until its server dies.

use fastrand::Rng;

use super::SHARED;
use super::ledger::{Change, Ledger, Thing};
use crate::support::Client;

pub struct Seat {
    pub key: String,
    pub identifier: String,
    pub has_meta: bool,
}

/// The metadata written from a seat is named after it, so that each has one writer.
pub fn meta_key(identifier: &str) -> String {
    format!("meta-{identifier}")
}

pub fn identifier_of(meta_key: &str) -> &str {
    meta_key.trim_start_matches("meta-")
}

/// One client: it uses up names of its own, and competes with the others for the seats of the licenses that all share.
pub struct Worker {
    /// What all its names begin with, and how many it has used since.
    name: String,
    used: usize,
    chance: Rng,
    keys: Vec<String>,
    seats: Vec<Seat>,
    ledger: Ledger,
}

/// A request: what it changes if it is answered by the first of these codes. The second, if any, says that it may not.
struct Wish {
    endpoint: &'static str,
    fields: Vec<(&'static str, String)>,
    change: Change,
    codes: (i64, Option<i64>),
}

impl Worker {
    pub fn new(number: usize, kill: usize, chance: Rng, seats: Vec<Seat>) -> Self {
        let keys = (0..SHARED).map(|number| format!("SHARED-{number}")).collect();
        Self { name: format!("{number}:{kill}"), used: 0, chance, keys, seats, ledger: Ledger::default() }
    }

    /// Until the connection ends.
    pub fn run(mut self, mut client: Client) -> Ledger {
        loop {
            let wish = self.wish();
            let fields: Vec<(&str, &str)> =
                wish.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            match client.post(wish.endpoint, &fields) {
                Err(_) => {
                    self.ledger.open = Some(wish.change);
                    return self.ledger;
                }
                Ok(answer) if answer.code == wish.codes.0 => self.done(wish.change),
                Ok(answer) => {
                    // A license may be full.
                    assert_eq!(Some(answer.code), wish.codes.1, "{} {:?}", wish.endpoint, wish.change);
                }
            }
        }
    }

    fn done(&mut self, change: Change) {
        match &change {
            (Thing::License(key), _) => self.keys.push(key.clone()),
            (Thing::Seat(key, identifier), Some(_)) => {
                let (key, identifier) = (key.clone(), identifier.clone());
                self.seats.push(Seat { key, identifier, has_meta: false });
            }
            (Thing::Seat(_, identifier), None) => self.seats.retain(|seat| seat.identifier != *identifier),
            (Thing::Meta(_, name), _) => {
                let identifier = identifier_of(name);
                let seat = self.seats.iter_mut().find(|seat| seat.identifier == identifier);
                seat.expect("metadata is written from a seat").has_meta = true;
            }
        }
        self.ledger.changes.push(change);
    }

    fn wish(&mut self) -> Wish {
        self.used += 1;
        let seat = self.chance.choice(&self.seats);
        match (self.chance.u8(0..10), seat) {
            (0..2, _) => create(format!("{}:{}", self.name, self.used), self.chance.u8(0..4)),
            (2..5, Some(seat)) => deactivate(seat),
            (5..7, Some(seat)) => write_meta(seat, self.chance.u64(..).to_string()),
            _ => {
                let key = self.chance.choice(&self.keys).expect("the shared ones").clone();
                activate(key, format!("{}:{}", self.name, self.used))
            }
        }
    }
}

fn create(key: String, limit: u8) -> Wish {
    let fields = vec![
        ("license_keys", format!("[\"{key}\"]")),
        ("product_id", "1".to_owned()),
        ("activation_limit", limit.to_string()),
        ("validity", "0".to_owned()),
        ("status", "assigned".to_owned()),
    ];
    let change = (Thing::License(key), Some(limit.to_string()));
    Wish { endpoint: "create-license-keys", fields, change, codes: (900, None) }
}

fn activate(key: String, identifier: String) -> Wish {
    let fields = vec![("license_key", key.clone()), ("identifier", identifier.clone())];
    let change = (Thing::Seat(key, identifier), Some(String::new()));
    Wish { endpoint: "activate", fields, change, codes: (300, Some(302)) }
}

fn deactivate(seat: &Seat) -> Wish {
    let fields = vec![("license_key", seat.key.clone()), ("identifier", seat.identifier.clone())];
    let change = (Thing::Seat(seat.key.clone(), seat.identifier.clone()), None);
    Wish { endpoint: "deactivate", fields, change, codes: (400, None) }
}

fn write_meta(seat: &Seat, value: String) -> Wish {
    let name = meta_key(&seat.identifier);
    let fields = vec![
        ("license_key", seat.key.clone()),
        ("identifier", seat.identifier.clone()),
        ("key", name.clone()),
        ("value", value.clone()),
    ];
    let change = (Thing::Meta(seat.key.clone(), name), Some(value));
    let (endpoint, done) =
        if seat.has_meta { ("update-license-key-meta", 353) } else { ("create-license-key-meta", 453) };
    Wish { endpoint, fields, change, codes: (done, None) }
}
