//! The gate that every call passes: who calls, and may they (contract §2.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::caller::Caller;
use crate::domain::{ApiKeySecret, Capability, Timestamp};
use crate::outcome::Outcome;
use crate::params::Params;
use crate::reply::Result;
use crate::store::{self, Store, Tx, Verdict};

/// Gives the id of the API key, past steps G1 to G6 in their order.
pub fn authorize(tx: &Tx<'_>, caller: &Caller, params: &Params, capability: Capability) -> Result<i64> {
    check_address(tx, caller)?;
    let hash = match &caller.secret {
        Some(secret) => Some(secret.hash()),
        None => {
            params.text("api_key").and_then(|text| ApiKeySecret::parse(&text)).map(|secret| secret.hash())
        }
    };
    let hash = hash.ok_or(Outcome::InvalidApiKey)?;
    let api_key = tx.api_key_by_hash(&hash)?.ok_or(Outcome::InvalidApiKey)?;
    if !api_key.active {
        return Err(Outcome::InactiveApiKey.into());
    }
    if !api_key.allows_address(caller.address) {
        return Err(Outcome::AddressNotAllowed.into());
    }
    if !api_key.capabilities.allow(capability) {
        return Err(Outcome::MissingCapability.into());
    }
    let blocklist = tx.blocklist()?;
    if params.text("identifier").is_some_and(|identifier| blocklist.blocks_identifier(&identifier)) {
        return Err(Outcome::AccessDenied.into());
    }
    Ok(api_key.id)
}

/// Step G1, which holds for what anyone may see too.
pub fn check_address(tx: &Tx<'_>, caller: &Caller) -> Result<()> {
    if tx.blocklist()?.blocks_address(caller.address) {
        return Err(Outcome::AccessDenied.into());
    }
    Ok(())
}

/// The API key that was sent, for the endpoint that writes it into links (contract §2.1).
pub fn sent_secret(caller: &Caller, params: &Params) -> Option<ApiKeySecret> {
    match &caller.secret {
        Some(secret) => ApiKeySecret::parse(secret.expose()),
        None => ApiKeySecret::parse(&params.text("api_key")?),
    }
}

/// When each API key was last used. Kept in memory and written now and then: a statistic is not worth a sync per request.
#[derive(Default)]
pub struct LastUsed(Mutex<HashMap<i64, Timestamp>>);

impl LastUsed {
    pub fn note(&self, api_key_id: i64, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(api_key_id, now);
    }

    /// Writes what has been noted since the last time. What can't be written is lost, and noted again at the next use.
    pub async fn flush(&self, store: &Store) -> std::result::Result<(), store::Error> {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.is_empty() {
            return Ok(());
        }
        let touch =
            move |tx: &Tx<'_>| noted.iter().try_for_each(|(id, used_at)| tx.touch_api_key(*id, *used_at));
        store
            .write(move |tx| match touch(tx) {
                Ok(()) => Verdict::Keep(Ok(())),
                Err(error) => Verdict::Undo(Err(error)),
            })
            .await?
    }
}
