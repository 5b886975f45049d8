//! The endpoints for the issuer of contracts: list, create, change and delete them.

use serde_json::{Value, json};

use super::contract_terms::{
    self, CAN_DESTROY, CAN_DESTROY_ALL, CAN_GENERATE, CAN_GET_INFO, INFORMATION, KEY, KEYS_QUANTITY, NAME,
    STATUS,
};
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::fields::{CONTRACT_ID, PRODUCT_ID};
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::shape::{CREATED_AT, Shape, UPDATED_AT};
use crate::domain::{Contract, Outcome, Permission};
use crate::wire::reply::{Reply, Result};

/// `GET /get-all-contracts` (API §4.29).
pub const LIST: Endpoint = Record::new(Audience::Vendor, "Lists all contracts by id")
    .answers(&[answer(Outcome::AllContracts, &[("contracts", Shape::List(&LISTED))])])
    .run(list);

fn list(call: &mut Call<'_>) -> Result {
    Ok(Reply::from(Outcome::AllContracts).with_list("contracts", call.tx.contracts()?, value))
}

/// `POST /create-contract` (API §4.30).
pub const CREATE: Endpoint = Record::new(
    Audience::Shop,
    "Creates a contract: the right of a reseller to make license keys of a product, up to a \
     number",
)
.says("The answer shows numbers in the type in which they were sent.")
.takes(&[
    &KEY,
    &NAME,
    &INFORMATION,
    &PRODUCT_ID,
    &KEYS_QUANTITY,
    &STATUS,
    &CAN_GET_INFO,
    &CAN_GENERATE,
    &CAN_DESTROY,
    &CAN_DESTROY_ALL,
])
.answers(&[
    answer(Outcome::ContractCreated, &[("contract", CREATED)]),
    answer(Outcome::ContractIncorrectData, INCORRECT),
])
.run(create);

fn create(call: &mut Call<'_>) -> Result {
    let terms = contract_terms::read(call, None)?;
    let id = call.tx.add_contract(&call.new_uuid()?, &terms, call.now)?;
    let contract = call.tx.contract(id)?.ok_or(Outcome::ContractNotFound)?;
    let shown = as_sent(call, created_value(&contract));
    Ok(Reply::from(Outcome::ContractCreated).with("contract", shown))
}

/// `POST /update-contract` (API §4.31).
pub const UPDATE: Endpoint = Record::new(Audience::Shop, "Changes a contract")
    .says("Fields that aren't sent keep their values.")
    .takes(&[
        &CONTRACT_ID,
        &KEY.optional(),
        &NAME.optional(),
        &INFORMATION.optional(),
        &PRODUCT_ID.optional(),
        &KEYS_QUANTITY.optional(),
        &STATUS.optional(),
        &CAN_GET_INFO.optional(),
        &CAN_GENERATE.optional(),
        &CAN_DESTROY.optional(),
        &CAN_DESTROY_ALL.optional(),
    ])
    .answers(&[
        answer(Outcome::ContractUpdated, &[("contract", UPDATED)]),
        answer(Outcome::ContractIncorrectData, INCORRECT),
        plain(Outcome::ContractNotFound),
    ])
    .run(update);

fn update(call: &mut Call<'_>) -> Result {
    let contract = asked_for(call)?;
    let terms = contract_terms::read(call, Some(&contract))?;
    call.tx.set_contract_terms(contract.id, &terms, call.now)?;
    let contract = call.tx.contract(contract.id)?.ok_or(Outcome::ContractNotFound)?;
    let shown = as_sent(call, value(&contract));
    Ok(Reply::from(Outcome::ContractUpdated).with("contract", shown))
}

/// `POST /delete-contract` (API §4.32).
pub const DELETE: Endpoint = Record::new(Audience::Vendor, "Deletes a contract")
    .says("Its licenses are kept; available ones become reserved.")
    .takes(&[&CONTRACT_ID])
    .answers(&[plain(Outcome::ContractDeleted), plain(Outcome::ContractNotFound)])
    .run(delete);

fn delete(call: &mut Call<'_>) -> Result {
    let contract = asked_for(call)?;
    call.tx.delete_contract(contract.id)?;
    Ok(Outcome::ContractDeleted.into())
}

fn asked_for(call: &Call<'_>) -> Result<Contract> {
    let not_found = Outcome::ContractNotFound;
    let reference = call.require(CONTRACT_ID, not_found)?;
    call.tx.contract_by_reference(&reference)?.ok_or_else(|| not_found.into())
}

const INCORRECT: &[(&str, Shape)] =
    &[("errors", Shape::ErrorTexts(&[("status", "Status must be active or inactive")]))];

const ID: (&str, Shape) = ("id", Shape::Number(1));
const NAME_SHOWN: (&str, Shape) = ("name", Shape::Text("Reseller"));
const INFORMATION_SHOWN: (&str, Shape) = ("information", Shape::Text("Ten keys a year"));
const KEY_SHOWN: (&str, Shape) = ("contract_key", Shape::Text("c0ffee00-0000-4000-8000-000000000001"));
const STATUS_SHOWN: (&str, Shape) = ("status", Shape::Word(&["active", "inactive"]));
const COUNT: (&str, Shape) = ("license_keys_count", Shape::Number(0));

pub const LISTED: Shape = Shape::Object(&[
    ID,
    NAME_SHOWN,
    INFORMATION_SHOWN,
    KEY_SHOWN,
    ("license_keys_quantity", Shape::Number(10)),
    ("product_id", Shape::Number(1)),
    ("can_get_info", Shape::Flag),
    ("can_generate", Shape::Flag),
    ("can_destroy", Shape::Flag),
    ("can_destroy_all", Shape::Flag),
    STATUS_SHOWN,
    CREATED_AT,
    UPDATED_AT,
    COUNT,
]);

const SENT: [(&str, Shape); 6] = [
    ("license_keys_quantity", Shape::AsSent(10)),
    ("product_id", Shape::AsSent(1)),
    ("can_get_info", Shape::AsSent(1)),
    ("can_generate", Shape::AsSent(1)),
    ("can_destroy", Shape::AsSent(1)),
    ("can_destroy_all", Shape::AsSent(0)),
];

const UPDATED: Shape = Shape::Object(&[
    ID,
    NAME_SHOWN,
    INFORMATION_SHOWN,
    KEY_SHOWN,
    SENT[0],
    SENT[1],
    SENT[2],
    SENT[3],
    SENT[4],
    SENT[5],
    STATUS_SHOWN,
    CREATED_AT,
    UPDATED_AT,
    COUNT,
]);

const CREATED: Shape = Shape::Object(&[
    KEY_SHOWN,
    NAME_SHOWN,
    INFORMATION_SHOWN,
    SENT[1],
    SENT[0],
    STATUS_SHOWN,
    SENT[2],
    SENT[3],
    SENT[4],
    SENT[5],
    UPDATED_AT,
    CREATED_AT,
    ID,
    COUNT,
]);

/// Converts a contract to the JSON of lists.
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

/// A contract as the answer to its creation shows it. Shops use the members as the columns of a table, so that an
/// additional member makes their INSERT fail.
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

/// Converts each number to the JSON type in which the request sent it, as the original server does: numbers from a
/// form become strings.
fn as_sent(call: &Call<'_>, mut contract: Value) -> Value {
    let sent = &call.sent;
    let numbers = [
        (PRODUCT_ID.name(), sent.is_text(&PRODUCT_ID)),
        (KEYS_QUANTITY.name(), sent.is_text(&KEYS_QUANTITY)),
    ];
    let permissions =
        Permission::ALL.map(contract_terms::field).map(|field| (field.name(), sent.is_text(&field)));
    for (name, _) in numbers.into_iter().chain(permissions).filter(|(_, is_text)| *is_text) {
        if let Some(shown) = contract.get_mut(name) {
            *shown = Value::String(shown.to_string());
        }
    }
    contract
}
