//! Refusals: the requests of customers that were refused, for those who help these customers.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use super::{Outcome, Timestamp};

/// The most characters of an unknown license key that are kept.
const KEY_START: usize = 8;

/// The outcomes that the journal holds: those of callers that may not call, of the license gate, and of a license
/// without a free seat.
const JOURNALED: [Outcome; 13] = [
    Outcome::InvalidApiKey,
    Outcome::InactiveApiKey,
    Outcome::MissingCapability,
    Outcome::AddressNotAllowed,
    Outcome::AccessDenied,
    Outcome::LicenseNotAssigned,
    Outcome::NoActivation,
    Outcome::ProductNotActive,
    Outcome::LicenseBlocked,
    Outcome::LicenseExpired,
    Outcome::InvalidLicenseKey,
    Outcome::IdentifierRequired,
    Outcome::ActivationLimitReached,
];

/// What refusals are told apart by: those that agree in all of it within an hour are one entry with a count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefusedRequest {
    /// The code of the answer.
    pub code: u16,
    /// Of the license key that was sent, see [`hash_of_key`].
    pub key_hash: [u8; 32],
    /// Empty: none was sent.
    pub identifier: String,
    /// Of the client. Empty: of many clients.
    pub address: String,
}

/// Refusals of equal requests. The facts that may differ are those of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    pub endpoint: Cow<'static, str>,
    /// The API key of the request, as [`CallerId::to_number`](super::CallerId::to_number) writes it. `None`: none that
    /// is known.
    pub api_key_id: Option<i64>,
    /// `None`: no license has the key that was sent.
    pub license_id: Option<i64>,
    /// The first characters of a key that no license has.
    pub key_start: String,
    pub count: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl RefusedRequest {
    /// What refusals with this code are told apart by when there are too many to tell them apart.
    #[must_use]
    pub fn of_many(code: u16) -> Self {
        Self { code, key_hash: hash_of_key(""), identifier: String::new(), address: String::new() }
    }
}

impl Refusals {
    /// Adds later refusals of equal requests.
    pub fn add(&mut self, later: &Self) {
        self.count = self.count.saturating_add(later.count);
        self.last_at = self.last_at.max(later.last_at);
    }

    /// Without what belongs to one of the requests.
    #[must_use]
    pub fn of_many(self) -> Self {
        Self { api_key_id: None, license_id: None, key_start: String::new(), ..self }
    }
}

/// An entry of the journal of refusals.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub request: RefusedRequest,
    pub refusals: Refusals,
    /// The name of the API key, if it still exists.
    pub api_key_name: Option<String>,
}

/// The outcome with this code, if the journal holds refusals with it.
pub fn journaled(code: u16) -> Option<Outcome> {
    JOURNALED.into_iter().find(|outcome| outcome.code() == code)
}

/// What refusals are grouped by, to find what is refused most.
#[derive(Clone, Copy, Debug)]
pub enum RefusedBy {
    LicenseKey,
    Identifier,
    Address,
}

/// Refusals with one code that have a license key, an identifier or an address in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OftenRefused {
    /// What they have in common. `None`: an unknown license key, or that of a deleted license.
    pub what: Option<String>,
    /// The first characters of an unknown license key.
    pub key_start: Option<String>,
    pub code: u16,
    pub count: i64,
    pub last_at: Timestamp,
}

/// SHA-256 of a license key, ignoring ASCII case like the keys themselves. Of an empty text: no key was sent.
pub fn hash_of_key(key: &str) -> [u8; 32] {
    Sha256::digest(key.trim().to_ascii_lowercase()).into()
}

/// The first characters of a key, at most half of it: enough to recognize a mistyped key, too little to use it.
pub fn start_of_key(key: &str) -> String {
    let key = key.trim();
    key.chars().take(KEY_START.min(key.chars().count() / 2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_recognized_by_its_start_and_never_kept_whole() {
        for (key, start) in [
            ("9F3A-77C1-0B2D-44E8", "9F3A-77C"),
            (" ABCDEFGH ", "ABCD"),
            ("ABC", "A"),
            ("é1é1é1", "é1é"),
            ("A", ""),
            ("", ""),
        ] {
            assert_eq!(start_of_key(key), start);
        }
    }

    #[test]
    fn the_hash_ignores_case_and_outer_spaces_like_the_keys() {
        assert_eq!(hash_of_key(" aB-1 "), hash_of_key("Ab-1"));
        assert_ne!(hash_of_key("É"), hash_of_key("é"));
        assert_eq!(hash_of_key(" "), hash_of_key(""));
    }
}
