//! The endpoints for the owner of a contract, who authenticates with the contract's key. An API key can act for the
//! owner.

use serde_json::Value;

use super::contracts;
use super::license_ends;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{CONTRACT_ID, LICENSE_KEY, QUANTITY};
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::shape::{LICENSE_KEYS, Shape};
use crate::domain::{Contract, MAX_NAME, NewLicense, Outcome, Permission, ProductStatus};
use crate::wire::reply::{Reply, Result};

const CONTRACT_KEY: Field<String> =
    Field::text("contract_key", MAX_NAME, "c0ffee00-0000-4000-8000-000000000001")
        .says("The credential, if no API key is sent; with an API key it names the contract.");
const OPTIONAL_CONTRACT_ID: Field<String> = CONTRACT_ID
    .optional()
    .says("The contract, with an API key: its id or its uuid. Takes precedence over `contract_key`.");

/// `GET /contracts/get-info` (API §4.33).
pub const GET_INFO: Endpoint = Record::new(Audience::ContractOwner, "Shows the contract")
    .says("Refused with 102 if the contract doesn't allow it.")
    .takes(&[&CONTRACT_KEY, &OPTIONAL_CONTRACT_ID])
    .answers(&[
        answer(Outcome::ContractFound, &[("contract", contracts::LISTED)]),
        plain(Outcome::OwnContractNotFound),
    ])
    .run(get_info);

fn get_info(call: &mut Call<'_>) -> Result {
    let contract = permitted(call, Permission::GetInfo)?;
    Ok(Reply::from(Outcome::ContractFound).with("contract", contracts::value(&contract)))
}

/// `POST /contracts/generate` (API §4.34).
pub const GENERATE: Endpoint =
    Record::new(Audience::ContractOwner, "Makes new license keys under the contract")
        .says("Random assignments never take them. Refused with 102 if the contract doesn't allow it.")
        .takes(&[&CONTRACT_KEY, &OPTIONAL_CONTRACT_ID, &QUANTITY])
        .answers(&[
            answer(Outcome::ContractLicenseKeysGenerated, &[("license_keys", LICENSE_KEYS)]),
            plain(Outcome::OwnContractNotFound),
            plain(Outcome::ContractProductNotFound),
            plain(Outcome::ContractGeneratorNotFound),
            plain(Outcome::ContractLimitReached),
            plain(Outcome::ContractQuantityTooLarge),
        ])
        .run(generate);

/// Makes licenses under the contract. They are available, but random assignments don't use them.
fn generate(call: &mut Call<'_>) -> Result {
    license_ends::refuse_end(call)?;
    let contract = permitted(call, Permission::Generate)?;
    let product = call.tx.product(contract.terms.product_id)?;
    let product = product
        .filter(|product| product.status == ProductStatus::Active)
        .ok_or(Outcome::ContractProductNotFound)?;
    let generator =
        call.tx.active_generator_of_product(product.id)?.ok_or(Outcome::ContractGeneratorNotFound)?;
    let quantity = contract.check_quantity(call.sent.lenient(QUANTITY))?;
    let licenses = call
        .generate(&generator, quantity, |license| NewLicense { contract_id: Some(contract.id), ..license })?;
    let keys: Vec<Value> = licenses.into_iter().map(|license| license.license_key.into()).collect();
    Ok(Reply::from(Outcome::ContractLicenseKeysGenerated).with("license_keys", keys))
}

/// `POST /contracts/destroy` (API §4.35).
pub const DESTROY: Endpoint = Record::new(Audience::ContractOwner, "Deletes a license under the contract")
    .says(
        "Another license can be made in its place. With an API key that names no contract, the \
         contract is that of the license. Refused with 102 if the contract doesn't allow it.",
    )
    .takes(&[&CONTRACT_KEY, &OPTIONAL_CONTRACT_ID, &LICENSE_KEY])
    .answers(&[
        plain(Outcome::ContractLicenseDeleted),
        plain(Outcome::OwnContractNotFound),
        plain(Outcome::ContractLicenseNotFound),
    ])
    .run(destroy);

/// Deletes a license under the contract. With an API key and no named contract, the contract is the license's own.
fn destroy(call: &mut Call<'_>) -> Result {
    let unknown = Outcome::ContractLicenseNotFound;
    let contract = match named(call)? {
        Some(contract) => contract,
        None if names_any(call) => return Err(Outcome::OwnContractNotFound.into()),
        None => {
            let id = call.license(unknown)?.contract_id.ok_or(unknown)?;
            call.tx.contract(id)?.ok_or(unknown)?
        }
    };
    contract.check_allows(Permission::Destroy)?;
    let license = call.license(unknown)?;
    if license.contract_id != Some(contract.id) {
        return Err(unknown.into());
    }
    call.operation().delete(&license)?;
    Ok(Outcome::ContractLicenseDeleted.into())
}

/// `POST /contracts/destroy-all` (API §4.36).
pub const DESTROY_ALL: Endpoint =
    Record::new(Audience::ContractOwner, "Deletes all licenses under the contract")
        .says("Refused with 102 if the contract doesn't allow it.")
        .takes(&[&CONTRACT_KEY, &OPTIONAL_CONTRACT_ID])
        .answers(&[
            answer(Outcome::ContractLicensesDeleted, &[("count", Shape::Number(10))]),
            plain(Outcome::OwnContractNotFound),
            plain(Outcome::NoContractLicenses),
        ])
        .run(destroy_all);

fn destroy_all(call: &mut Call<'_>) -> Result {
    let contract = permitted(call, Permission::DestroyAll)?;
    for license in call.tx.active_licenses_of_contract(contract.id)? {
        call.operation().tell_of_deactivations(&license)?;
    }
    match call.tx.delete_licenses_of_contract(contract.id)? {
        0 => Err(Outcome::NoContractLicenses.into()),
        count => Ok(Reply::from(Outcome::ContractLicensesDeleted).with("count", count)),
    }
}

fn permitted(call: &Call<'_>, permission: Permission) -> Result<Contract> {
    let contract = named(call)?.ok_or(Outcome::OwnContractNotFound)?;
    contract.check_allows(permission)?;
    Ok(contract)
}

/// Finds the contract whose key was the credential; `None` if the request names another one. With an API key, finds
/// the contract that the request names.
fn named(call: &Call<'_>) -> Result<Option<Contract>> {
    let (reference, key) = (call.get(OPTIONAL_CONTRACT_ID)?, call.sent.text(&CONTRACT_KEY));
    if let Some(id) = call.context.contract_id() {
        let own = call.tx.contract(id)?;
        let is_own = |contract: &Contract| {
            reference.iter().all(|name| contract.is_called(name))
                && key.iter().all(|name| contract.is_called(name.trim()))
        };
        return Ok(own.filter(is_own));
    }
    Ok(match (reference, key) {
        (Some(reference), _) => call.tx.contract_by_reference(&reference)?,
        (None, Some(key)) => call.tx.contract_by_key(key.trim())?,
        (None, None) => None,
    })
}

fn names_any(call: &Call<'_>) -> bool {
    let is_sent = |field| call.sent.text(&field).is_some();
    call.context.contract_id().is_some() || is_sent(OPTIONAL_CONTRACT_ID) || is_sent(CONTRACT_KEY)
}
