//! Contracts, as their issuer makes and changes them.

use serde_json::{Value, json};

use super::contract_terms;
use crate::api::call::Call;
use crate::domain::{Contract, Outcome, Permission};
use crate::wire::reply::{Reply, Result};

/// `GET /get-all-contracts` (API §4.29).
pub fn list(call: &mut Call<'_>) -> Result {
    Ok(Reply::from(Outcome::AllContracts).with_list("contracts", call.tx.contracts()?, value))
}

/// `POST /create-contract` (API §4.30): `contract_key`, `contract_name`, `contract_information`, `product_id`,
/// `license_keys_quantity`, `status`, `can_get_info`, `can_generate`, `can_destroy`, `can_destroy_all`.
pub fn create(call: &mut Call<'_>) -> Result {
    let terms = contract_terms::read(call, None)?;
    let id = call.tx.add_contract(&call.new_uuid()?, &terms, call.now)?;
    let contract = call.tx.contract(id)?.ok_or(Outcome::ContractNotFound)?;
    let shown = as_sent(call, created_value(&contract));
    Ok(Reply::from(Outcome::ContractCreated).with("contract", shown))
}

/// `POST /update-contract` (API §4.31): `contract_id`, and of the fields of create-contract those that change.
pub fn update(call: &mut Call<'_>) -> Result {
    let contract = asked_for(call)?;
    let terms = contract_terms::read(call, Some(&contract))?;
    call.tx.set_contract_terms(contract.id, &terms, call.now)?;
    let contract = call.tx.contract(contract.id)?.ok_or(Outcome::ContractNotFound)?;
    let shown = as_sent(call, value(&contract));
    Ok(Reply::from(Outcome::ContractUpdated).with("contract", shown))
}

/// `POST /delete-contract` (API §4.32): `contract_id`. The licenses under it stay, and are no contract's.
pub fn delete(call: &mut Call<'_>) -> Result {
    let contract = asked_for(call)?;
    call.tx.delete_contract(contract.id)?;
    Ok(Outcome::ContractDeleted.into())
}

fn asked_for(call: &Call<'_>) -> Result<Contract> {
    let not_found = Outcome::ContractNotFound;
    let reference = call.params.text("contract_id").ok_or(not_found)?;
    call.tx.contract_by_reference(reference.trim())?.ok_or_else(|| not_found.into())
}

/// A contract as lists show it.
pub fn value(contract: &Contract) -> Value {
    let terms = &contract.terms;
    let may = |permission| i64::from(terms.allow(permission));
    json!({
        "id": contract.id,
        "name": terms.name,
        "information": terms.information,
        "contract_key": terms.contract_key,
        "license_keys_quantity": terms.license_keys_quantity,
        "product_id": terms.product_id,
        "can_get_info": may(Permission::GetInfo),
        "can_generate": may(Permission::Generate),
        "can_destroy": may(Permission::Destroy),
        "can_destroy_all": may(Permission::DestroyAll),
        "status": terms.status.as_str(),
        "created_at": contract.created_at.to_iso(),
        "updated_at": contract.updated_at.to_iso(),
        "license_keys_count": contract.license_keys_count,
    })
}

/// The same in the order of a contract that was just made. A shop stores it column by column: one member
/// more, and it can store nothing.
fn created_value(contract: &Contract) -> Value {
    let order = [
        "contract_key",
        "name",
        "information",
        "product_id",
        "license_keys_quantity",
        "status",
        "can_get_info",
        "can_generate",
        "can_destroy",
        "can_destroy_all",
        "updated_at",
        "created_at",
        "id",
        "license_keys_count",
    ];
    let value = value(contract);
    order.into_iter().filter_map(|name| Some((name.to_owned(), value.get(name)?.clone()))).collect()
}

/// The original shows the numbers of the request in the type in which they were sent: a form's are texts.
fn as_sent(call: &Call<'_>, mut contract: Value) -> Value {
    let numbers = ["product_id", "license_keys_quantity"];
    for name in numbers.into_iter().chain(Permission::ALL.map(Permission::field)) {
        if let Some(shown) = contract.get_mut(name)
            && call.params.is_text(name)
        {
            *shown = Value::String(shown.to_string());
        }
    }
    contract
}
