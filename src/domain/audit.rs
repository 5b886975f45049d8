//! The audit trail: who changed what, when, from where.

use std::net::IpAddr;

use super::{CallerId, LicenseKey, Timestamp};

/// The caller on whose behalf a transaction makes changes.
#[derive(Clone, Debug)]
pub struct Actor {
    pub at: Timestamp,
    pub caller: CallerId,
    /// The client's address; `None` for commands and for queued requests.
    pub address: Option<IpAddr>,
    /// The operation that was called: an endpoint's path without its prefix, or the words of a command.
    pub action: String,
}

/// The record that was changed, by its kind and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    License(i64),
    Product(i64),
    Generator(i64),
    Contract(i64),
    Downloadable(i64),
    ApiKey(i64),
    Block(i64),
    Callback(i64),
    /// The key of the product with this id; `None`: the global key.
    SigningKey(Option<i64>),
}

impl Subject {
    /// The kind as the database spells it, and the id.
    pub fn parts(self) -> (&'static str, Option<i64>) {
        let (noun, id) = match self {
            Self::License(id) => ("license", id),
            Self::Product(id) => ("product", id),
            Self::Generator(id) => ("generator", id),
            Self::Contract(id) => ("contract", id),
            Self::Downloadable(id) => ("downloadable", id),
            Self::ApiKey(id) => ("api_key", id),
            Self::Block(id) => ("block", id),
            Self::Callback(id) => ("callback", id),
            Self::SigningKey(owner) => return ("signing_key", owner),
        };
        (noun, Some(id))
    }
}

/// One change, as it is recorded in the audit trail.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub id: i64,
    pub at: Timestamp,
    pub who_kind: String,
    pub who_id: Option<i64>,
    /// The name of the API key or contract, if it still exists.
    pub who_name: Option<String>,
    pub address: Option<String>,
    pub action: String,
    /// The change in a word or two, such as "activated".
    pub change: String,
    pub subject_kind: Option<String>,
    pub subject_id: Option<i64>,
    /// The license key of the changed license, which may be deleted by now.
    pub license_key: Option<String>,
    pub detail: Option<String>,
}

/// Selects entries of the audit trail; `None` matches any.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub license_key: Option<LicenseKey>,
    pub api_key_id: Option<i64>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// The maximum number of entries; the latest ones are selected.
    pub limit: i64,
}
