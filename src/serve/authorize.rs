//! Step 2, authorize: blocklist, API key, allowed networks, capability; or a contract's key (API §2.2).

use super::caller::Caller;
use crate::domain::{ApiKey, ApiKeySecret, CallerId, Outcome};
use crate::operations::gate::check_blocklist;
use crate::routes::Access;
use crate::store::Tx;
use crate::wire::params::Params;
use crate::wire::reply::Result;

/// The capability to list all license keys.
const SEES_LICENSES: &str = "get-license-keys";

/// An authorized caller.
pub struct Authorized {
    pub caller_id: CallerId,
    /// The id of the former text of the API key, if that was sent.
    pub former_text: Option<i64>,
    /// Whether the caller may list all license keys, and so has no reason to guess them.
    pub sees_licenses: bool,
}

/// Checks everything that needs no fields: the blocklist, and the key of a header (steps G1 to G5). `None`: no header
/// has a key.
pub fn check_header(tx: &Tx<'_>, caller: &Caller, access: Access) -> Result<Option<Authorized>> {
    check_address(tx, caller)?;
    caller.secret.as_ref().map(|secret| owner(tx, caller, secret, access)).transpose()
}

/// Checks the rest: without a key in a header the key of a field, and the identifiers (step G6). `of_header`: what
/// [`check_header`] found in the same snapshot.
pub fn authorize(
    tx: &Tx<'_>,
    caller: &Caller,
    of_header: Option<Authorized>,
    of_field: Option<&ApiKeySecret>,
    params: &Params,
    access: Access,
) -> Result<Authorized> {
    let authorized = match (of_header, of_field) {
        (Some(authorized), _) => authorized,
        (None, Some(secret)) => owner(tx, caller, secret, access)?,
        (None, None) if access.takes_contract_keys => {
            let contract_key =
                ["contract_key", "contract_id"].into_iter().find_map(|field| params.text(field));
            contract_owner(tx, caller, &contract_key.unwrap_or_default())?
        }
        (None, None) => return Err(Outcome::InvalidApiKey.into()),
    };
    // Newer clients send a device and a domain; either may be blocked.
    if !access.takes_blocked_identifiers {
        check_blocklist(tx, params.all_texts("identifier"))?;
    }
    Ok(authorized)
}

/// The owner of a key in the place of an API key: of an API key, also by a former text until its end, or, where the
/// endpoint takes them, of a contract.
fn owner(tx: &Tx<'_>, caller: &Caller, secret: &ApiKeySecret, access: Access) -> Result<Authorized> {
    let hash = secret.hash();
    let found = match tx.api_key_by_hash(&hash)? {
        Some(api_key) => Some((api_key, None)),
        None => tx
            .api_key_by_former_hash(&hash)?
            .filter(|(_, former)| former.is_valid(caller.now))
            .map(|(api_key, former)| (api_key, Some(former.id))),
    };
    match found {
        Some((api_key, former_text)) => {
            caller.known_as.set(Some(CallerId::ApiKey(api_key.id)));
            Ok(Authorized { former_text, ..check_api_key(&api_key, caller, access.capability)? })
        }
        None if access.takes_contract_keys => contract_owner(tx, caller, secret.expose()),
        None => Err(Outcome::InvalidApiKey.into()),
    }
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
    Ok(Authorized { caller_id: CallerId::ApiKey(api_key.id), former_text: None, sees_licenses })
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
fn contract_owner(tx: &Tx<'_>, caller: &Caller, contract_key: &str) -> Result<Authorized> {
    let contract = tx.contract_by_key(contract_key.trim())?.ok_or(Outcome::InvalidApiKey)?;
    let caller_id = CallerId::Contract(contract.id);
    caller.known_as.set(Some(caller_id));
    Ok(Authorized { caller_id, former_text: None, sees_licenses: false })
}
