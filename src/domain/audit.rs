//! The audit trail: who changed what, when, from where.

use std::net::IpAddr;

use super::{CallerId, LicenseKey, Timestamp};

/// On whose behalf something is changed.
#[derive(Clone, Debug)]
pub struct Actor {
    pub at: Timestamp,
    pub caller: CallerId,
    /// Where the request came from; a command, and what was queued, come from nowhere.
    pub address: Option<IpAddr>,
    /// What was called: an endpoint's path without its prefix, or a command's words.
    pub action: String,
}

/// What was changed: the noun and its id.
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
    /// A product's, by the product's id; `None`: the global one.
    SigningKey(Option<i64>),
}

impl Subject {
    /// The noun in the database, and the id.
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

/// One change, as the trail keeps it.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub id: i64,
    pub at: Timestamp,
    pub who_kind: String,
    pub who_id: Option<i64>,
    /// The name of the API key or of the contract, if it is still there.
    pub who_name: Option<String>,
    pub address: Option<String>,
    pub action: String,
    /// What happened, in a word or two: "activated".
    pub change: String,
    pub subject_kind: Option<String>,
    pub subject_id: Option<i64>,
    /// The key of the license that was changed, also when that is gone.
    pub license_key: Option<String>,
    pub detail: Option<String>,
}

/// Which entries are asked for; what is absent counts for all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub license_key: Option<LicenseKey>,
    pub api_key_id: Option<i64>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// No more than the last so many.
    pub limit: i64,
}
