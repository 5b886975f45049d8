//! Assigning any license keys of a product to an owner: available ones, or new ones.

use serde_json::{Value, json};

use super::assignments::Owner;
use super::license_ends;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{GENERATOR_ID, OWNER_EMAIL, OWNER_NAME, PRODUCT_ID, QUANTITY};
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::shape::{CREATED_AT, LICENSE_STATUS, META_DATA, OWNED_BY, Shape, UPDATED_AT};
use crate::domain::{Generator, License, LicenseStatus, NewLicense, Outcome, Product};
use crate::wire::reply::{Reply, Result};

pub const ONE_OR_MORE: Field<i64> = QUANTITY.optional().says("Number of license keys; 1 by default.");
pub const GENERATE: Field<bool> = Field::flag("generate", "0").says(
    "1: new keys, made by the product's active generator. 0, the default: keys that are \
     available.",
);
pub const BY_GENERATOR: Field<String> = GENERATOR_ID.optional().says(
    "New keys, made by this active generator of the product: its id or its uuid. Takes \
     precedence over `generate`.",
);

/// `POST /random-assign-license-keys` (API §4.8).
pub const RANDOM_ASSIGN: Endpoint =
    Record::new(Audience::Shop, "Assigns a number of license keys of a product to an owner, all or none")
        .says("`generate=1` never takes available keys, `generate=0` never makes new ones.")
        .takes(&[&PRODUCT_ID, &ONE_OR_MORE, &GENERATE, &BY_GENERATOR, &OWNER_NAME, &OWNER_EMAIL])
        .answers(&[
            answer(Outcome::LicenseKeysAssigned, &[("license_keys", Shape::List(&ITEM))]),
            answer(Outcome::InsufficientLicenseKeys, &[("available_quantity", Shape::Number(1))]),
            plain(Outcome::RandomAssignProductNotFound),
            plain(Outcome::GeneratorNotFound),
        ])
        .run(random_assign);

/// Writes nothing before the last check, so that a caller that commits its transaction anyway (the queue) commits no
/// part of a refused request.
fn random_assign(call: &mut Call<'_>) -> Result {
    license_ends::refuse_end(call)?;
    let product = call.product(Outcome::RandomAssignProductNotFound)?;
    let quantity = call.get(QUANTITY)?.unwrap_or(1);
    let owner = Owner::of(call)?;
    let licenses = match wanted_generator(call, &product)? {
        Some(generator) => generate(call, &generator, quantity, &owner)?,
        None => draw(call, &product, quantity, &owner)?,
    };
    Ok(Reply::from(Outcome::LicenseKeysAssigned).with_list("license_keys", licenses, item))
}

/// The generator for new keys: the one in the request, or the product's own. `None`: the keys come from the pool.
fn wanted_generator(call: &Call<'_>, product: &Product) -> Result<Option<Generator>> {
    let not_found = Outcome::GeneratorNotFound;
    // Newer clients send a generator without `generate`.
    if call.get(GENERATOR_ID)?.is_some() {
        let generator = call.generator(not_found)?;
        let is_of_product = generator.product_id == product.id;
        return if is_of_product { Ok(Some(generator)) } else { Err(not_found.into()) };
    }
    if call.get(GENERATE)? != Some(true) {
        return Ok(None);
    }
    Ok(Some(call.tx.active_generator_of_product(product.id)?.ok_or(not_found)?))
}

/// Makes new keys and assigns them to the owner. Available keys are not used.
fn generate(call: &Call<'_>, generator: &Generator, quantity: i64, owner: &Owner) -> Result<Vec<License>> {
    call.generate(generator, quantity, |license| NewLicense {
        status: LicenseStatus::Assigned,
        owner_name: owner.name.clone(),
        owner_email: owner.email.clone(),
        assigned_at: Some(call.now),
        ..license
    })
}

/// Assigns the first available keys of the product's pool. Fails if there are fewer than `quantity`.
fn draw(call: &Call<'_>, product: &Product, quantity: i64, owner: &Owner) -> Result<Vec<License>> {
    let ids = call.tx.pool(product.id, quantity)?;
    let available = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    if available < quantity {
        let refusal = Reply::from(Outcome::InsufficientLicenseKeys).with("available_quantity", available);
        return Err(refusal.into());
    }
    let (name, email) = (owner.name.as_deref(), owner.email.as_deref());
    let mut licenses = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(license) = call.tx.license(id)? {
            licenses.push(call.operation().assign(&license, name, email)?);
        }
    }
    Ok(licenses)
}

const ITEM: Shape = Shape::Object(&[
    ("product_id", Shape::Number(1)),
    ("license_key", Shape::Text("1de7d049-5c1f-4a2e-9a30-0b6c7d1e2f3a")),
    ("activation_limit", Shape::Number(1)),
    ("validity", Shape::Number(365)),
    LICENSE_STATUS,
    OWNED_BY[0],
    OWNED_BY[1],
    ("assigned_at", Shape::Nullable(&Shape::Text("2026-02-27T03:05:31.000000Z"))),
    ("contract_id", Shape::Nullable(&Shape::Number(1))),
    UPDATED_AT,
    CREATED_AT,
    ("id", Shape::Number(213)),
    META_DATA,
]);

/// A license as shops store it. They use the members as the columns of a table, so that an additional member makes
/// their INSERT fail (API §4.8). A license that was just assigned has no metadata.
fn item(license: &License) -> Value {
    json!({
        "product_id": license.product_id,
        "license_key": license.license_key,
        "activation_limit": license.activation_limit,
        "validity": license.validity,
        "status": license.status.as_str(),
        "owner_name": license.owner_name,
        "owner_email": license.owner_email,
        "assigned_at": license.assigned_at.map(|moment| moment.to_iso()),
        "contract_id": license.contract_id,
        "updated_at": license.updated_at.to_iso(),
        "created_at": license.created_at.to_iso(),
        "id": license.id,
        "meta_data": [],
    })
}
