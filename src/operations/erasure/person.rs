//! The person who is erased: the address, and the licenses, keys, identifiers and names that are known to be his.

use std::collections::{BTreeSet, HashSet};

use super::SLICE;
use super::traces::{Address, strings};
use crate::domain::fold_owner;
use crate::store::{Error, PersonalTable, Store, StoredAnswer, TextRow};

/// Names that are shorter are not searched for inside of other texts: they are parts of too many words.
const MIN_NAME: usize = 4;

/// What is known of a person.
#[derive(Clone, Debug)]
pub struct Person {
    pub address: Address,
    /// The address and the names as they are stored.
    pub spelled: BTreeSet<String>,
    names: HashSet<String>,
    /// Whether somebody else has one of the names, too.
    has_namesakes: bool,
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
    /// Collects the licenses of the owner with this address, and what is on them.
    pub fn find(store: &Store, email: &str) -> Result<Self, Error> {
        let address = Address::new(email);
        let mut person = Self {
            spelled: [email.to_owned(), address.folded().to_owned(), address.folded().to_uppercase()].into(),
            address,
            names: HashSet::new(),
            has_namesakes: false,
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
            let Some((_, last)) = slice.last() else { return Ok(person) };
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
    }

    /// Adds a license of the person.
    fn owns(&mut self, id: i64, license_key: &str, name: Option<&str>, email: Option<String>) {
        self.licenses.insert(id);
        self.license_keys.insert(license_key.to_ascii_lowercase());
        self.spelled.extend(email);
        if let Some(name) = name.filter(|name| name.chars().count() >= MIN_NAME) {
            self.names.insert(fold_owner(name));
            self.spelled.insert(name.to_owned());
        }
    }

    /// Whether a text names him: by the address, or by a whole name that nobody else has, where people write about
    /// customers.
    pub(super) fn finds(&self, table: PersonalTable, text: &str) -> bool {
        self.address.is_in(text)
            || is_about_customers(table) && !self.has_namesakes && self.names_him_fully(text)
    }

    fn names_him_fully(&self, text: &str) -> bool {
        let is_in = |text: &str| {
            let folded = fold_owner(text);
            self.names.iter().any(|name| name.contains(char::is_whitespace) && folded.contains(name))
        };
        is_in(text) || text.contains('\\') && strings(text).iter().any(|text| is_in(text))
    }

    pub(super) fn names_him(&self, text: &str) -> bool {
        let folded = fold_owner(text);
        self.names.iter().any(|name| folded.contains(name))
    }

    /// Whether a row is worth to [`Self::learn`] from.
    pub fn learns_from(&self, table: PersonalTable, row: &TextRow) -> bool {
        let is_his = row.license_id.is_some_and(|id| self.licenses.contains(&id));
        match table {
            PersonalTable::Licenses => {
                let [name, email] = [1, 2].map(|at| text(row, at));
                !is_his
                    && (self.names_him(name) || self.address.is_in(email) || self.address.is_end_of(email))
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
                let [key, name, email] = [0, 1, 2].map(|at| row.texts.get(at).cloned().flatten());
                let address = email.as_deref().unwrap_or_default();
                if self.address.is_end_of(address) {
                    self.address.tell_from(address);
                }
                if self.address.is_in(address) {
                    self.owns(row.id, key.as_deref().unwrap_or_default(), name.as_deref(), email);
                } else {
                    self.has_namesakes |= self.names_him(text(row, 1));
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
        let names_him = || strings(response).iter().any(|text| self.names.contains(&fold_owner(text)));
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
