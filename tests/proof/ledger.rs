//! What clients were told, what they asked for in vain, and what is on disk: three accounts that must agree.

use std::collections::BTreeMap;

use crate::support::Database;

/// Something that is there or not, with a value: of a license its limit, of a seat nothing, of metadata its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    License(String),
    Seat(String, String),
    Meta(String, String),
}

/// What becomes of a thing; `None`: it ends.
pub type Change = (Thing, Option<String>);

/// One client's account of its time. No two clients touch the same thing.
#[derive(Default)]
pub struct Ledger {
    /// What the server said is done, in order.
    pub changes: Vec<Change>,
    /// What was asked for last, if no answer came: it may be done or not.
    pub open: Option<Change>,
}

impl Ledger {
    /// Enters into the truth what was acknowledged, and what was not but came to be.
    pub fn settle(&self, truth: &mut BTreeMap<Thing, String>, found: &BTreeMap<Thing, String>) {
        for change in &self.changes {
            apply(truth, change);
        }
        if let Some(open) = &self.open
            && found.get(&open.0) == open.1.as_ref()
        {
            apply(truth, open);
        }
    }
}

fn apply(truth: &mut BTreeMap<Thing, String>, (thing, becomes): &Change) {
    match becomes {
        Some(value) => truth.insert(thing.clone(), value.clone()),
        None => truth.remove(thing),
    };
}

/// All that is in the database.
pub fn found(database: &Database) -> BTreeMap<Thing, String> {
    let licenses = database.rows("SELECT license_key, CAST(activation_limit AS TEXT) FROM licenses");
    let seats = database
        .rows("SELECT license_key, identifier FROM activations JOIN licenses ON licenses.id = license_id");
    let meta = database
        .rows("SELECT license_key, key, value FROM license_meta JOIN licenses ON licenses.id = license_id");
    let licenses = licenses.into_iter().map(|[key, limit]| (Thing::License(key), limit));
    let seats = seats.into_iter().map(|[key, identifier]| (Thing::Seat(key, identifier), String::new()));
    let meta = meta.into_iter().map(|[key, name, value]| (Thing::Meta(key, name), value));
    licenses.chain(seats).chain(meta).collect()
}

/// Panics if anything is lost or was never asked for.
pub fn compare(truth: &BTreeMap<Thing, String>, found: &BTreeMap<Thing, String>, kill: usize) {
    let lost: Vec<_> = truth.iter().filter(|(thing, value)| found.get(thing) != Some(value)).collect();
    let phantom: Vec<_> = found.keys().filter(|thing| !truth.contains_key(thing)).collect();
    assert!(
        lost.is_empty() && phantom.is_empty(),
        "kill {kill}: {} lost, such as {:?}; {} phantom, such as {:?}",
        lost.len(),
        lost.first(),
        phantom.len(),
        phantom.first()
    );
}

/// Licenses with more seats taken than they have.
pub fn overfull(database: &Database) -> Vec<[String; 1]> {
    database.rows(
        "SELECT license_key FROM licenses WHERE activation_limit > 0
         AND activation_limit < (SELECT count(*) FROM activations WHERE license_id = licenses.id)",
    )
}
