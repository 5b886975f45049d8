//! Step 2, authorize: blocklist, API key, allowed networks, capability; or a contract's key (API §2.2).

use super::caller::Caller;
use crate::domain::{ApiKey, ApiKeySecret, CallerId, Outcome};
use crate::routes::Access;
use crate::store::Tx;
use crate::wire::params::Params;
use crate::wire::reply::Result;

/// The capability to list all license keys.
const SEES_LICENSES: &str = "get-license-keys";

/// An authorized caller.
pub struct Authorized {
    pub caller_id: CallerId,
    /// Whether the caller may list all license keys, and so has no reason to guess them.
    pub sees_licenses: bool,
}

/// Checks a caller in the order of steps G1 to G6.
pub fn authorize(
    tx: &Tx<'_>,
    caller: &Caller,
    secret: Option<&ApiKeySecret>,
    params: &Params,
    access: Access,
) -> Result<Authorized> {
    let blocklist = tx.blocklist()?;
    if blocklist.blocks_address(caller.address) {
        return Err(Outcome::AccessDenied.into());
    }
    let api_key = match secret {
        Some(secret) => tx.api_key_by_hash(&secret.hash())?,
        None => None,
    };
    let authorized = match api_key {
        Some(api_key) => check_api_key(&api_key, caller, access.capability)?,
        None if access.takes_contract_keys => {
            Authorized { caller_id: contract_owner(tx, secret, params)?, sees_licenses: false }
        }
        None => return Err(Outcome::InvalidApiKey.into()),
    };
    // Newer clients send a device and a domain; either may be blocked.
    if params.all_texts("identifier").any(|identifier| blocklist.blocks_identifier(&identifier)) {
        return Err(Outcome::AccessDenied.into());
    }
    Ok(authorized)
}

fn check_api_key(api_key: &ApiKey, caller: &Caller, capability: &str) -> Result<Authorized> {
    if !api_key.active {
        return Err(Outcome::InactiveApiKey.into());
    }
    if !api_key.allows_address(caller.address) {
        return Err(Outcome::AddressNotAllowed.into());
    }
    if !api_key.capabilities.allow(capability) {
        return Err(Outcome::MissingCapability.into());
    }
    let sees_licenses = api_key.capabilities.allow(SEES_LICENSES);
    Ok(Authorized { caller_id: CallerId::ApiKey(api_key.id), sees_licenses })
}

/// The API key in a field, which is used if no header has one (API §2.1).
pub fn secret_of_field(params: &Params) -> Option<ApiKeySecret> {
    params.text("api_key").and_then(|text| ApiKeySecret::parse(&text))
}

/// Checks step G1 alone, for answers that need no API key.
pub fn check_address(tx: &Tx<'_>, caller: &Caller) -> Result<()> {
    if tx.blocklist()?.blocks_address(caller.address) {
        return Err(Outcome::AccessDenied.into());
    }
    Ok(())
}

/// Finds the contract whose key stands in the place of an API key or, without one, in a field of its own (API §4.33).
/// The key is looked up by an index, so the time it takes reveals nothing of a partly right guess.
fn contract_owner(tx: &Tx<'_>, secret: Option<&ApiKeySecret>, params: &Params) -> Result<CallerId> {
    let of_field = ["contract_key", "contract_id"].into_iter().find_map(|field| params.text(field));
    let contract_key = secret.map(ApiKeySecret::expose).or(of_field.as_deref()).unwrap_or_default();
    let contract = tx.contract_by_key(contract_key.trim())?.ok_or(Outcome::InvalidApiKey)?;
    Ok(CallerId::Contract(contract.id))
}
