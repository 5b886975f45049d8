//! What the owner of a contract does under it. He calls with the contract's key alone; an API key can act for him.

use serde_json::Value;

use super::contracts;
use super::generators::add_licenses;
use crate::api::call::Call;
use crate::domain::{Contract, NewLicense, Outcome, Permission, ProductStatus};
use crate::wire::reply::{Reply, Result};

/// `GET /contracts/get-info` (API §4.33).
pub fn get_info(call: &mut Call<'_>) -> Result {
    let contract = permitted(call, Permission::GetInfo)?;
    Ok(Reply::from(Outcome::ContractFound).with("contract", contracts::value(&contract)))
}

/// `POST /contracts/generate` (API §4.34): `quantity`. The new licenses are available, but in no pool:
/// the contract's own.
pub fn generate(call: &mut Call<'_>) -> Result {
    let contract = permitted(call, Permission::Generate)?;
    let product = call.tx.product(contract.terms.product_id)?;
    let product = product
        .filter(|product| product.status == ProductStatus::Active)
        .ok_or(Outcome::ContractProductNotFound)?;
    let generator =
        call.tx.active_generator_of_product(product.id)?.ok_or(Outcome::ContractGeneratorNotFound)?;
    let quantity = contract.check_quantity(call.params.integer("quantity").and_then(|sent| sent.ok()))?;
    let licenses = add_licenses(call, &generator, quantity, |license| NewLicense {
        contract_id: Some(contract.id),
        ..license
    })?;
    let keys: Vec<Value> = licenses.into_iter().map(|license| license.license_key.into()).collect();
    Ok(Reply::from(Outcome::ContractLicenseKeysGenerated).with("license_keys", keys))
}

/// `POST /contracts/destroy` (API §4.35): `license_key`. For an API key that names no contract it is the
/// license's.
pub fn destroy(call: &mut Call<'_>) -> Result {
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
    call.tell_of_deactivations(&license)?;
    call.tx.delete_license(license.id)?;
    Ok(Outcome::ContractLicenseDeleted.into())
}

/// `POST /contracts/destroy-all` (API §4.36). Answers their `count`.
pub fn destroy_all(call: &mut Call<'_>) -> Result {
    let contract = permitted(call, Permission::DestroyAll)?;
    for license in call.tx.active_licenses_of_contract(contract.id)? {
        call.tell_of_deactivations(&license)?;
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

/// The contract whose key was the credential, unless another one is named; for an API key, the one that is named.
fn named(call: &Call<'_>) -> Result<Option<Contract>> {
    let (reference, key) = (call.params.text("contract_id"), call.params.text("contract_key"));
    if let Some(id) = call.context.contract_id() {
        let own = call.tx.contract(id)?;
        let is_own = |contract: &Contract| {
            [&reference, &key].into_iter().flatten().all(|name| contract.is_called(name.trim()))
        };
        return Ok(own.filter(is_own));
    }
    Ok(match (reference, key) {
        (Some(reference), _) => call.tx.contract_by_reference(reference.trim())?,
        (None, Some(key)) => call.tx.contract_by_key(key.trim())?,
        (None, None) => None,
    })
}

fn names_any(call: &Call<'_>) -> bool {
    let is_sent = |field| call.params.text(field).is_some();
    call.context.contract_id().is_some() || is_sent("contract_id") || is_sent("contract_key")
}
