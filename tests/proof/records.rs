//! The records that clients change, read from the database and compared with what was acknowledged.

use std::collections::BTreeMap;

use crate::support::Database;

/// A record that exists or not. Its value is the limit of a license, the text of metadata, empty for an activation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    License(String),
    Activation(String, String),
    Meta(String, String),
}

/// A record and its new value; none if it is deleted.
pub type Change = (Record, Option<String>);

/// The changes of one client. No two clients change the same record.
#[derive(Default)]
pub struct ClientChanges {
    /// What the server acknowledged, in order.
    pub acknowledged: Vec<Change>,
    /// The last request if no answer came: it may be committed or not.
    pub unanswered: Option<Change>,
}

impl ClientChanges {
    /// Applies the acknowledged changes to the expected records, and the unanswered one if it was found.
    pub fn apply_to(&self, expected: &mut BTreeMap<Record, String>, found: &BTreeMap<Record, String>) {
        for change in &self.acknowledged {
            apply(expected, change);
        }
        if let Some(change) = &self.unanswered
            && found.get(&change.0) == change.1.as_ref()
        {
            apply(expected, change);
        }
    }
}

fn apply(expected: &mut BTreeMap<Record, String>, (record, value): &Change) {
    match value {
        Some(value) => expected.insert(record.clone(), value.clone()),
        None => expected.remove(record),
    };
}

/// Reads all records from the database.
pub fn read(database: &Database) -> BTreeMap<Record, String> {
    let licenses = database.rows("SELECT license_key, CAST(activation_limit AS TEXT) FROM licenses");
    let activations = database
        .rows("SELECT license_key, identifier FROM activations JOIN licenses ON licenses.id = license_id");
    let meta = database
        .rows("SELECT license_key, key, value FROM license_meta JOIN licenses ON licenses.id = license_id");
    let licenses = licenses.into_iter().map(|[key, limit]| (Record::License(key), limit));
    let activations =
        activations.into_iter().map(|[key, identifier]| (Record::Activation(key, identifier), String::new()));
    let meta = meta.into_iter().map(|[key, name, value]| (Record::Meta(key, name), value));
    licenses.chain(activations).chain(meta).collect()
}

/// Panics if an expected record is missing or differs, or one exists that is not expected.
pub fn compare(expected: &BTreeMap<Record, String>, found: &BTreeMap<Record, String>, round: usize) {
    let lost: Vec<_> = expected.iter().filter(|(record, value)| found.get(record) != Some(value)).collect();
    let unrequested: Vec<_> = found.keys().filter(|record| !expected.contains_key(record)).collect();
    assert!(
        lost.is_empty() && unrequested.is_empty(),
        "round {round}: {} lost, such as {:?}; {} unrequested, such as {:?}",
        lost.len(),
        lost.first(),
        unrequested.len(),
        unrequested.first()
    );
}

/// Licenses with more activations than their limit.
pub fn over_limit(database: &Database) -> Vec<[String; 1]> {
    database.rows(
        "SELECT license_key FROM licenses WHERE activation_limit > 0
         AND activation_limit < (SELECT count(*) FROM activations WHERE license_id = licenses.id)",
    )
}
