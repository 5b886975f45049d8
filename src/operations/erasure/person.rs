//! The person who is erased: the address, and the licenses, keys, identifiers and names that are known to be his.

use std::collections::{BTreeSet, HashSet};

use super::SLICE;
use super::names::{Names, is_telling};
use super::slices::slices;
use super::traces::{Address, strings};
use crate::store::{Error, PersonalTable, Store, StoredAnswer, TextRow};

/// What is known of a person.
#[derive(Clone, Debug)]
pub struct Person {
    pub address: Address,
    /// The address, and the names that are searched for in the files, as they are stored.
    pub spelled: BTreeSet<String>,
    names: Names,
    pub licenses: HashSet<i64>,
    /// Licenses that are somebody else's now.
    pub former_licenses: HashSet<i64>,
    license_keys: HashSet<String>,
    identifiers: HashSet<String>,
    /// The highest entry of the audit trail when the erasure began: later ones about his licenses are its own, or are
    /// about what he did afterwards.
    pub(super) last_audit: i64,
}

impl Person {
    /// Collects the licenses of the owner with this address, and what is on them, and tells him from other owners.
    pub fn find(store: &Store, email: &str) -> Result<Self, Error> {
        let address = Address::new(email);
        let mut person = Self {
            spelled: [email.to_owned(), address.folded().to_owned(), address.folded().to_uppercase()].into(),
            address,
            names: Names::default(),
            licenses: HashSet::new(),
            former_licenses: HashSet::new(),
            license_keys: HashSet::new(),
            identifiers: HashSet::new(),
            last_audit: store.try_read(|tx| tx.highest_id(PersonalTable::Audit))?,
        };
        let mut after = 0;
        loop {
            let folded = person.address.folded().to_owned();
            let slice = store.try_read(|tx| {
                let licenses = tx.licenses_of_customer(&folded, after, SLICE)?;
                let with_seats = licenses.into_iter().map(|license| Ok((tx.post_urls(license.id)?, license)));
                with_seats.collect::<Result<Vec<_>, Error>>()
            })?;
            let Some((_, last)) = slice.last() else { break };
            after = last.id;
            for (seats, license) in slice {
                person.owns(
                    license.id,
                    &license.license_key,
                    license.owner_name.as_deref(),
                    license.owner_email,
                );
                person
                    .identifiers
                    .extend(seats.into_iter().map(|(identifier, _)| identifier.to_ascii_lowercase()));
            }
        }
        // Twice: the first pass finds his address in other forms, and so all names, the second all others with them.
        person.learn_from_licenses(store)?;
        person.learn_from_licenses(store)?;
        Ok(person)
    }

    fn learn_from_licenses(&mut self, store: &Store) -> Result<(), Error> {
        for slice in slices(store, PersonalTable::Licenses) {
            for row in &slice?.rows {
                if self.learns_from(PersonalTable::Licenses, row) {
                    self.learn(PersonalTable::Licenses, row);
                }
            }
        }
        Ok(())
    }

    /// Adds a license of the person.
    fn owns(&mut self, id: i64, license_key: &str, name: Option<&str>, email: Option<String>) {
        self.licenses.insert(id);
        self.license_keys.insert(license_key.to_ascii_lowercase());
        self.spelled.extend(email);
        if let Some(name) = name {
            self.names.add(name);
            self.spelled.extend(is_telling(name).then(|| name.to_owned()));
        }
    }

    /// Whether a text names him: by the address, or by a name of several words that nobody else has, where people write
    /// about customers.
    pub(super) fn finds(&self, table: PersonalTable, text: &str) -> bool {
        self.address.is_in(text) || is_about_customers(table) && self.names.are_fully_in(text)
    }

    /// Whether a name is in an identifier on one of his licenses.
    pub(super) fn names_him(&self, identifier: &str) -> bool {
        self.names.are_part_of(identifier)
    }

    /// Whether a text about a license that was his contains a name. It may be about the owner after him.
    pub(super) fn may_name_him(&self, text: &str) -> bool {
        self.names.are_in(text)
    }

    /// Whether a row is worth to [`Self::learn`] from.
    pub fn learns_from(&self, table: PersonalTable, row: &TextRow) -> bool {
        let is_his = row.license_id.is_some_and(|id| self.licenses.contains(&id));
        match table {
            PersonalTable::Licenses => {
                let [name, email] = [1, 2].map(|at| text(row, at));
                !is_his
                    && (self.names.are_in(name) || self.address.is_in(email) || self.address.is_end_of(email))
            }
            PersonalTable::Audit => {
                let is_known = row.license_id.is_none_or(|id| self.former_licenses.contains(&id));
                !is_his && !is_known && row.texts.iter().flatten().any(|text| self.address.is_in(text))
            }
            _ => false,
        }
    }

    /// Learns from a row: a license with the address in another form is his too; one of an owner with a longer address
    /// or with the same name is not; and one that the audit trail names him on was his.
    pub fn learn(&mut self, table: PersonalTable, row: &TextRow) {
        match table {
            PersonalTable::Licenses => {
                let [key, name, email] = [0, 1, 2].map(|at| cloned(row, at));
                let address = email.as_deref().unwrap_or_default();
                if self.address.is_end_of(address) {
                    self.address.tell_from(address);
                }
                if self.address.is_in(address) {
                    self.owns(row.id, key.as_deref().unwrap_or_default(), name.as_deref(), email);
                } else {
                    self.names.tell_from(text(row, 1));
                }
            }
            _ => self.former_licenses.extend(row.license_id),
        }
    }

    /// Whether the JSON of a message or an answer is about one of his licenses.
    pub(super) fn are_about_him(&self, json: &str) -> bool {
        strings(json).iter().any(|text| self.license_keys.contains(&text.to_ascii_lowercase()))
    }

    /// Whether a report came from one of his licenses, or, if it has no license key, from one of his identifiers.
    pub(super) fn sent(&self, license_key: &str, identifier: &str) -> bool {
        if license_key.trim().is_empty() {
            return self.identifiers.contains(&identifier.to_ascii_lowercase());
        }
        self.license_keys.contains(&license_key.trim().to_ascii_lowercase())
    }

    /// Whether a stored answer tells something of him.
    pub fn is_in_answer(&self, answer: &StoredAnswer) -> bool {
        let StoredAnswer { idempotency_key, response, .. } = answer;
        let names_him = || strings(response).iter().any(|text| self.names.have(text));
        self.address.is_in(idempotency_key)
            || self.address.is_in(response)
            || self.are_about_him(response) && names_him()
    }
}

/// Whether the texts of a table are about customers, and not about the vendor's own things, which may have the name of
/// a person for another reason.
fn is_about_customers(table: PersonalTable) -> bool {
    matches!(
        table,
        PersonalTable::Licenses
            | PersonalTable::Activations
            | PersonalTable::LicenseMeta
            | PersonalTable::Callbacks
            | PersonalTable::Jobs
            | PersonalTable::Telemetry
            | PersonalTable::Refusals
            | PersonalTable::Audit
    )
}

pub fn text(row: &TextRow, column: usize) -> &str {
    row.texts.get(column).and_then(|text| text.as_deref()).unwrap_or_default()
}

pub fn cloned(row: &TextRow, column: usize) -> Option<String> {
    row.texts.get(column).cloned().flatten()
}
