//! Giving license keys of a product to an owner, whichever they are: out of the pool, or new ones.

use serde_json::{Value, json};

use super::assignments::Owner;
use super::generators::add_licenses;
use super::meta;
use crate::api::call::{Call, too_large, unreadable};
use crate::domain::{
    Generator, License, LicenseStatus, MAX_QUANTITY, MetaEntry, NewLicense, Outcome, Product,
};
use crate::wire::reply::{Reply, Result};

/// `POST /random-assign-license-keys` (API §4.8): `product_id`, and optionally `quantity` (1 to 1000),
/// `generate`, `generator_id`, `owner_name` and `owner_email`. As many keys as are asked for, or none.
///
/// Nothing is written before the last refusal, so a caller that keeps its transaction (the queue) keeps no
/// part of a refused request.
pub fn random_assign(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::RandomAssignProductNotFound)?;
    let quantity = quantity(call)?;
    let owner = Owner::of(call)?;
    let licenses = match wanted_generator(call, &product)? {
        Some(generator) => generate(call, &generator, quantity, &owner)?,
        None => draw(call, &product, quantity, &owner)?,
    };
    let mut items = Vec::with_capacity(licenses.len());
    for license in &licenses {
        items.push(item(license, &call.tx.license_meta(license.id)?));
    }
    Ok(Reply::from(Outcome::LicenseKeysAssigned).with("license_keys", items))
}

fn quantity(call: &Call<'_>) -> Result<i64> {
    match call.params.integer("quantity") {
        None => Ok(1),
        Some(Ok(quantity @ 1..=MAX_QUANTITY)) => Ok(quantity),
        Some(Ok(1..)) => Err(too_large("quantity")),
        Some(_) => Err(unreadable("quantity")),
    }
}

/// The generator that is named, or the product's own if new keys are asked for; `None`: keys of the pool are wanted.
fn wanted_generator(call: &Call<'_>, product: &Product) -> Result<Option<Generator>> {
    let not_found = Outcome::GeneratorNotFound;
    // Newer clients name a generator and say nothing else.
    if call.params.text("generator_id").is_some() {
        let generator = call.generator(not_found)?;
        let is_of_product = generator.product_id == product.id;
        return if is_of_product { Ok(Some(generator)) } else { Err(not_found.into()) };
    }
    match call.params.flag("generate") {
        None | Some(Ok(false)) => Ok(None),
        Some(Ok(true)) => Ok(Some(call.tx.active_generator_of_product(product.id)?.ok_or(not_found)?)),
        Some(Err(_)) => Err(unreadable("generate")),
    }
}

/// New keys, straight to their owner: the pool stays as it is.
fn generate(call: &Call<'_>, generator: &Generator, quantity: i64, owner: &Owner) -> Result<Vec<License>> {
    add_licenses(call, generator, quantity, |license| NewLicense {
        status: LicenseStatus::Assigned,
        owner_name: owner.name.clone(),
        owner_email: owner.email.clone(),
        assigned_at: Some(call.now),
        ..license
    })
}

/// The first of the pool, which is counted before anything is taken from it.
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
        call.tx.assign_license(id, name, email, call.now)?;
        licenses.extend(call.tx.license(id)?);
    }
    Ok(licenses)
}

/// What a shop stores as it is, column by column: one member more, and it can store nothing (API §4.8).
fn item(license: &License, meta: &[MetaEntry]) -> Value {
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
        "meta_data": meta::shown(meta),
    })
}
