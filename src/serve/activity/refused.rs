//! The fields of a refused request that are remembered.

use super::Answered;
use crate::domain::{CallerId, Identifier, LicenseKey, Refusals, RefusedRequest, hash_of_key, start_of_key};
use crate::store::{Error, Tx};
use crate::wire::params::Params;

/// The license key and the identifier of a refused request. Of an unknown key no more is kept than its start and its
/// hash.
pub struct RefusedFields {
    key_hash: [u8; 32],
    key_start: String,
    identifier: String,
    license_id: Option<i64>,
}

impl Default for RefusedFields {
    /// Of a request whose fields were not read, or that has neither.
    fn default() -> Self {
        Self {
            key_hash: hash_of_key(""),
            key_start: String::new(),
            identifier: String::new(),
            license_id: None,
        }
    }
}

impl RefusedFields {
    /// `license_id`: the license that the endpoint has found by the key.
    pub fn of(params: &Params, license_id: Option<i64>) -> Self {
        let identifier = params.text("identifier").and_then(|text| Identifier::parse(&text).ok());
        let identifier = identifier.map_or_else(String::new, |identifier| identifier.as_str().to_owned());
        match license_key(params) {
            Some(key) => Self {
                key_hash: hash_of_key(key.as_str()),
                key_start: if license_id.is_none() { start_of_key(key.as_str()) } else { String::new() },
                identifier,
                license_id,
            },
            None => Self { identifier, ..Self::default() },
        }
    }

    /// Like [`Self::of`], of a request that was refused before its endpoint looked for the license.
    pub fn of_unauthorized(tx: &Tx<'_>, params: &Params) -> Result<Self, Error> {
        let license = license_key(params).map_or(Ok(None), |key| tx.license_by_key(&key))?;
        Ok(Self::of(params, license.map(|license| license.id)))
    }

    /// The entry of the journal for one refused request.
    pub(super) fn into_entry(self, answered: &Answered) -> (RefusedRequest, Refusals) {
        let Self { key_hash, key_start, identifier, license_id } = self;
        let Answered { endpoint, code, at, address, caller } = *answered;
        let request = RefusedRequest { code, key_hash, identifier, address: address.to_string() };
        let refusals = Refusals {
            endpoint: endpoint.into(),
            api_key_id: caller.map(CallerId::to_number),
            license_id,
            key_start,
            count: 1,
            first_at: at,
            last_at: at,
        };
        (request, refusals)
    }
}

fn license_key(params: &Params) -> Option<LicenseKey> {
    params.text("license_key").and_then(|text| LicenseKey::parse(&text).ok())
}
