//! What one client does, one request after the other, until its server dies or it is told that it is enough.

use fastrand::Rng;

use crate::ledger::{Change, Ledger, Thing};
use crate::support::Client;

/// Licenses that all clients compete for, with one seat more each.
const SHARED: usize = 4;

/// Makes them, and gives what is then there.
pub fn share_licenses(client: &mut Client) -> Vec<(Thing, String)> {
    let share = |number: usize| {
        let (key, limit) = (format!("SHARED-{number}"), number + 1);
        let wish = create(key.clone(), limit);
        assert_eq!(client.post(wish.endpoint, &wish.fields()).unwrap().code, wish.codes.0);
        (Thing::License(key), limit.to_string())
    };
    (0..SHARED).map(share).collect()
}

/// How a request goes, for who keeps an account of it.
pub enum Step<'a> {
    /// It is about to be sent.
    Asks(&'a Change),
    /// It was answered: it is done.
    Done,
    /// It was answered: it may not be.
    Refused,
    /// It was answered: the server could not.
    Failed { code: i64, body: &'a str },
}

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

impl Wish {
    fn fields(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

impl Worker {
    pub fn new(number: usize, kill: usize, chance: Rng, seats: Vec<Seat>) -> Self {
        let keys = (0..SHARED).map(|number| format!("SHARED-{number}")).collect();
        Self { name: format!("{number}:{kill}"), used: 0, chance, keys, seats, ledger: Ledger::default() }
    }

    /// Until the connection ends, or the witness says no to a request that is about to be sent.
    pub fn run(mut self, mut client: Client, mut witness: impl FnMut(Step<'_>) -> bool) -> Ledger {
        loop {
            let wish = self.wish();
            if !witness(Step::Asks(&wish.change)) {
                return self.ledger;
            }
            match client.ask(wish.endpoint, &wish.fields()) {
                Err(_) => {
                    self.ledger.open = Some(wish.change);
                    return self.ledger;
                }
                Ok(answer) if answer.code == wish.codes.0 => {
                    witness(Step::Done);
                    self.done(wish.change);
                }
                // A license may be full.
                Ok(answer) if Some(answer.code) == wish.codes.1 => drop(witness(Step::Refused)),
                Ok(answer) => {
                    assert!(answer.is_failure(), "{} {:?}: {}", wish.endpoint, wish.change, answer.code);
                    witness(Step::Failed { code: answer.code, body: &client.body });
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
            (0..2, _) => create(format!("{}:{}", self.name, self.used), self.chance.usize(0..4)),
            (2..5, Some(seat)) => deactivate(seat),
            (5..7, Some(seat)) => write_meta(seat, self.chance.u64(..).to_string()),
            _ => {
                let key = self.chance.choice(&self.keys).expect("the shared ones").clone();
                activate(key, format!("{}:{}", self.name, self.used))
            }
        }
    }
}

fn create(key: String, limit: usize) -> Wish {
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
