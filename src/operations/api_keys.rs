//! Changes, rotates, disables and deletes API keys.

use ipnet::IpNet;

use super::Operation;
use crate::domain::{ApiKey, ApiKeyChange, ApiKeySecret, Timestamp};
use crate::store::Error;

/// A change to an API key that is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    #[error("there is no API key {0}")]
    Unknown(i64),
    #[error("API key {0} is the last active one that may call every endpoint")]
    LastFull(i64),
    #[error("the new API key exists already")]
    SameText,
    #[error(transparent)]
    Store(#[from] Error),
}

impl Operation<'_> {
    /// Changes an API key, and returns it as it is now. Refuses to narrow the last active key with `*`, unless
    /// `is_forced`.
    pub fn change_api_key(
        &self,
        id: i64,
        change: &ApiKeyChange,
        is_forced: bool,
    ) -> Result<ApiKey, ApiKeyError> {
        let before = self.existing_api_key(id)?;
        if change.capabilities.as_ref().is_some_and(|capabilities| !capabilities.are_all()) {
            self.refuse_last_full(&before, is_forced)?;
        }
        self.tx.set_api_key(id, change, &in_words(&before, change))?;
        self.existing_api_key(id)
    }

    /// Gives an API key a new text. The former one is accepted until `former_until`; `None`: no former one is
    /// accepted any longer.
    pub fn rotate_api_key(
        &self,
        id: i64,
        secret: &ApiKeySecret,
        former_until: Option<Timestamp>,
    ) -> Result<ApiKey, ApiKeyError> {
        self.existing_api_key(id)?;
        let hash = secret.hash();
        if self.tx.api_key_by_hash(&hash)?.is_some() || self.tx.api_key_by_former_hash(&hash)?.is_some() {
            return Err(ApiKeyError::SameText);
        }
        self.tx.replace_api_key_text(id, secret, former_until, self.now)?;
        self.existing_api_key(id)
    }

    /// Disables an API key. Refuses the last active one with `*`, unless `is_forced`.
    pub fn disable_api_key(&self, id: i64, is_forced: bool) -> Result<(), ApiKeyError> {
        self.refuse_last_full(&self.existing_api_key(id)?, is_forced)?;
        self.tx.set_api_key_active(id, false)?;
        Ok(())
    }

    /// Deletes an API key with its former texts. Refuses the last active one with `*`, unless `is_forced`.
    pub fn delete_api_key(&self, id: i64, is_forced: bool) -> Result<ApiKey, ApiKeyError> {
        let api_key = self.existing_api_key(id)?;
        self.refuse_last_full(&api_key, is_forced)?;
        self.tx.delete_api_key(id)?;
        Ok(api_key)
    }

    fn existing_api_key(&self, id: i64) -> Result<ApiKey, ApiKeyError> {
        self.tx.api_key(id)?.ok_or(ApiKeyError::Unknown(id))
    }

    /// Refuses if no other key would be left that may call every endpoint.
    fn refuse_last_full(&self, api_key: &ApiKey, is_forced: bool) -> Result<(), ApiKeyError> {
        let is_last = || -> Result<bool, Error> {
            Ok(!self.tx.api_keys()?.iter().any(|other| other.id != api_key.id && other.is_full()))
        };
        if !is_forced && api_key.is_full() && is_last()? {
            return Err(ApiKeyError::LastFull(api_key.id));
        }
        Ok(())
    }
}

/// The change, for the audit trail: each value before and after.
fn in_words(before: &ApiKey, change: &ApiKeyChange) -> String {
    let name = change.name.as_ref().map(|name| format!("name {:?} -> {name:?}", before.name));
    let capabilities = change.capabilities.as_ref().map(|capabilities| {
        format!("capabilities \"{}\" -> \"{}\"", before.capabilities.as_stored(), capabilities.as_stored())
    });
    let networks = change.allow_ips.as_ref().map(|networks| {
        format!("allowed from {} -> {}", networks_in_words(&before.allow_ips), networks_in_words(networks))
    });
    [name, capabilities, networks].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn networks_in_words(networks: &[IpNet]) -> String {
    let networks: Vec<String> = networks.iter().map(IpNet::to_string).collect();
    if networks.is_empty() { "anywhere".to_owned() } else { networks.join(" ") }
}
