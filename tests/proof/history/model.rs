//! The rules of licenses once more, in as few words as they take: what the server is compared with.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::Value;

pub const KEYS: [&str; 6] = ["ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX"];
const IDENTIFIERS: [&str; 6] = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"];
const EMAILS: [&str; 2] = ["jane@example.com", "john@example.com"];
const STATUSES: [&str; 4] = ["available", "assigned", "reserved", "blocked"];
const META_KEYS: [&str; 2] = ["color", "size"];
const LONG_AGO: &str = "2020-01-01 00:00:00";

#[derive(Debug)]
pub enum Operation {
    Create {
        key: &'static str,
        status: &'static str,
        limit: usize,
    },
    Delete {
        key: &'static str,
    },
    SetStatus {
        key: &'static str,
        status: &'static str,
    },
    SetLimit {
        key: &'static str,
        limit: usize,
    },
    /// Makes it valid for one day, long ago.
    Expire {
        key: &'static str,
    },
    /// Makes it valid for ever.
    Renew {
        key: &'static str,
    },
    Assign {
        key: &'static str,
        email: &'static str,
    },
    AssignAndActivate {
        key: &'static str,
        identifier: &'static str,
        email: &'static str,
    },
    Activate {
        key: &'static str,
        identifier: &'static str,
    },
    Deactivate {
        key: &'static str,
        identifier: &'static str,
    },
    Verify {
        key: &'static str,
        identifier: &'static str,
    },
    CreateMeta {
        key: &'static str,
        identifier: &'static str,
        name: &'static str,
    },
    DeleteMeta {
        key: &'static str,
        identifier: &'static str,
        name: &'static str,
    },
}

use Operation::*;

pub fn any_identifier(rng: &mut Rng) -> &'static str {
    IDENTIFIERS[rng.usize(..IDENTIFIERS.len())]
}

impl Operation {
    pub fn any(rng: &mut Rng) -> Self {
        let key = KEYS[rng.usize(..KEYS.len())];
        let identifier = any_identifier(rng);
        let email = EMAILS[rng.usize(..EMAILS.len())];
        // Blocked now and then, so that most of the history is about something.
        let status = STATUSES[rng.usize(..STATUSES.len())];
        let name = META_KEYS[rng.usize(..META_KEYS.len())];
        let limit = rng.usize(..5);
        match rng.u8(0..64) {
            0..3 => Create { key, status, limit },
            3 => Delete { key },
            4..6 => SetStatus { key, status },
            6..9 => SetStatus { key, status: "assigned" },
            9..12 => SetLimit { key, limit },
            12 => Expire { key },
            13..15 => Renew { key },
            15..17 => Assign { key, email },
            17..21 => AssignAndActivate { key, identifier, email },
            21..38 => Activate { key, identifier },
            38..48 => Deactivate { key, identifier },
            48..58 => Verify { key, identifier },
            58..61 => CreateMeta { key, identifier, name },
            _ => DeleteMeta { key, identifier, name },
        }
    }

    pub fn endpoint(&self) -> &'static str {
        match self {
            Create { .. } => "create-license-keys",
            Delete { .. } => "delete-license-key",
            SetStatus { .. } | SetLimit { .. } | Expire { .. } | Renew { .. } => "update-license-key",
            Assign { .. } => "assign-license-key",
            AssignAndActivate { .. } => "assign-and-activate-license-key",
            Activate { .. } => "activate",
            Deactivate { .. } => "deactivate",
            Verify { .. } => "verify",
            CreateMeta { .. } => "create-license-key-meta",
            DeleteMeta { .. } => "delete-license-key-meta",
        }
    }

    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let texts = |fields: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        match self {
            Create { key, status, limit } => {
                let (keys, limit) = (format!("[\"{key}\"]"), limit.to_string());
                let (product, limit) = (("product_id", "1"), ("activation_limit", limit.as_str()));
                texts(&[("license_keys", &keys), product, limit, ("validity", "0"), ("status", status)])
            }
            Delete { key } => texts(&[("license_key", key)]),
            SetStatus { key, status } => texts(&[("license_key", key), ("status", status)]),
            SetLimit { key, limit } => {
                texts(&[("license_key", key), ("activation_limit", &limit.to_string())])
            }
            Expire { key } => texts(&[("license_key", key), ("validity", "1"), ("assigned_at", LONG_AGO)]),
            Renew { key } => texts(&[("license_key", key), ("validity", "0")]),
            Assign { key, email } => texts(&[("license_key", key), ("owner_email", email)]),
            AssignAndActivate { key, identifier, email } => {
                texts(&[("license_key", key), ("identifier", identifier), ("owner_email", email)])
            }
            Activate { key, identifier } | Deactivate { key, identifier } | Verify { key, identifier } => {
                texts(&[("license_key", key), ("identifier", identifier)])
            }
            CreateMeta { key, identifier, name } | DeleteMeta { key, identifier, name } => {
                let value = ("value", "any");
                texts(&[("license_key", key), ("identifier", identifier), ("key", name), value])
            }
        }
    }

    fn identifier(&self) -> Option<&'static str> {
        match self {
            AssignAndActivate { identifier, .. }
            | Activate { identifier, .. }
            | Deactivate { identifier, .. }
            | Verify { identifier, .. }
            | CreateMeta { identifier, .. }
            | DeleteMeta { identifier, .. } => Some(*identifier),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
struct License {
    status: &'static str,
    limit: usize,
    owner: Option<&'static str>,
    validity: usize,
    is_long_ago: bool,
    seats: BTreeSet<&'static str>,
    meta: BTreeSet<&'static str>,
}

#[derive(Debug, Default)]
pub struct Model {
    licenses: BTreeMap<&'static str, License>,
    /// The one identifier on the blocklist, and its block's number.
    pub blocked: Option<(&'static str, i64)>,
}

/// What lists tell of a license: key, status, limit, owner, validity.
pub type Shown = (String, String, usize, Option<String>, usize);

pub fn shown(license: &Value) -> Shown {
    let text = |name: &str| license[name].as_str().map(str::to_owned);
    let number = |name: &str| usize::try_from(license[name].as_u64().unwrap()).unwrap();
    let (key, status) = (text("license_key").unwrap(), text("status").unwrap());
    (key, status, number("activation_limit"), text("owner_email"), number("validity"))
}

impl Model {
    pub fn list(&self) -> Vec<Shown> {
        let licenses = self.licenses.iter().map(|(key, license)| {
            let License { status, limit, owner, validity, .. } = license;
            ((*key).to_owned(), (*status).to_owned(), *limit, owner.map(str::to_owned), *validity)
        });
        licenses.collect()
    }

    /// Does what the operation does, and gives the code that says so.
    pub fn expect(&mut self, operation: &Operation) -> i64 {
        if operation
            .identifier()
            .is_some_and(|identifier| self.blocked.is_some_and(|block| block.0 == identifier))
        {
            return 150;
        }
        match *operation {
            Create { key, status, limit } => self.create(key, status, limit),
            Delete { key } => self.licenses.remove(key).map_or(851, |_| 850),
            SetStatus { key, status } => self.update(key, |license| license.set_status(status)),
            SetLimit { key, limit } => self.update(key, |license| license.limit = limit),
            Expire { key } => self.update(key, |license| (license.validity, license.is_long_ago) = (1, true)),
            Renew { key } => self.update(key, |license| license.validity = 0),
            Assign { key, email } => self.licenses.get_mut(key).map_or(801, |license| license.assign(email)),
            AssignAndActivate { key, identifier, email } => self.assign_and_activate(key, identifier, email),
            Activate { key, identifier } => {
                self.with(key, |license| license.refusal().unwrap_or_else(|| license.take_seat(identifier)))
            }
            Deactivate { key, identifier } => self.with(key, |license| {
                let freed =
                    if license.status == "assigned" { license.seats.remove(identifier) } else { false };
                license.refusal_of_status().unwrap_or(if freed { 400 } else { 401 })
            }),
            Verify { key, identifier } => self.with(key, |license| license.gate(identifier).unwrap_or(200)),
            CreateMeta { key, identifier, name } => self.with(key, |license| {
                license.gate(identifier).unwrap_or_else(|| if license.meta.insert(name) { 453 } else { 452 })
            }),
            DeleteMeta { key, identifier, name } => self.with(key, |license| {
                license.gate(identifier).unwrap_or_else(|| if license.meta.remove(name) { 252 } else { 251 })
            }),
        }
    }

    fn with(&mut self, key: &str, act: impl FnOnce(&mut License) -> i64) -> i64 {
        self.licenses.get_mut(key).map_or(210, act)
    }

    fn update(&mut self, key: &str, act: impl FnOnce(&mut License)) -> i64 {
        self.licenses.get_mut(key).map(act).map_or(952, |()| 950)
    }

    fn create(&mut self, key: &'static str, status: &'static str, limit: usize) -> i64 {
        if self.licenses.contains_key(key) {
            return 902;
        }
        let (seats, meta) = (BTreeSet::new(), BTreeSet::new());
        let license = License { status, limit, owner: None, validity: 0, is_long_ago: false, seats, meta };
        self.licenses.insert(key, license);
        900
    }

    /// All of it or nothing.
    fn assign_and_activate(&mut self, key: &str, identifier: &'static str, email: &'static str) -> i64 {
        self.with(key, |license| {
            let before = license.clone();
            if license.assign(email) != 800 {
                if let Some(refusal) = license.refusal_of_status() {
                    return refusal;
                }
                if license.owner != Some(email) {
                    return 801;
                }
            }
            let code = license.refusal().unwrap_or_else(|| license.take_seat(identifier));
            if code != 300 && code != 301 {
                *license = before;
            }
            code
        })
    }
}

impl License {
    fn refusal_of_status(&self) -> Option<i64> {
        match self.status {
            "assigned" => None,
            "blocked" => Some(204),
            _ => Some(201),
        }
    }

    fn refusal(&self) -> Option<i64> {
        self.refusal_of_status().or((self.validity > 0 && self.is_long_ago).then_some(205))
    }

    /// What a license must be for whoever uses it on something.
    fn gate(&self, identifier: &str) -> Option<i64> {
        self.refusal().or((!self.seats.contains(identifier)).then_some(202))
    }

    fn has_no_owner(&self) -> bool {
        ["available", "reserved"].contains(&self.status)
    }

    /// With its owner, a license loses the owner's activations, metadata and dates; a new owner's dates start now.
    fn set_status(&mut self, status: &'static str) {
        let had_no_owner = self.has_no_owner();
        self.status = status;
        let ends = !had_no_owner && self.has_no_owner();
        if ends {
            self.owner = None;
        }
        if ends || had_no_owner && status == "assigned" {
            self.is_long_ago = false;
            self.seats.clear();
            self.meta.clear();
        }
    }

    fn assign(&mut self, email: &'static str) -> i64 {
        if !self.has_no_owner() {
            return 801;
        }
        self.seats.clear();
        self.meta.clear();
        (self.status, self.owner, self.is_long_ago) = ("assigned", Some(email), false);
        800
    }

    fn take_seat(&mut self, identifier: &'static str) -> i64 {
        if self.seats.contains(identifier) {
            return 301;
        }
        if self.limit > 0 && self.seats.len() >= self.limit {
            return 302;
        }
        self.seats.insert(identifier);
        300
    }
}
