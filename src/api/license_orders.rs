//! Orders for license keys: what newer clients send to create-license-keys, one element for each key, which a
//! generator makes.

use serde_json::Value;

use super::generators::add_licenses;
use super::license_fields::{self, MAX_LICENSE_KEYS};
use crate::api::call::Call;
use crate::domain::{Generator, LicenseChange, LicenseStatus, NewLicense, Outcome};
use crate::wire::field_errors::FieldErrors;
use crate::wire::params::Params;
use crate::wire::reply::{Error, Reply, Result};

const FIELD: &str = "licenses";

/// `POST /create-license-keys` with `licenses` (API §4.10): of each a `product_id` or a `generator_id`
/// or both, and optionally `owner_name`, `owner_email`, `activation_limit` and `validity`. What has an
/// `owner_email` is assigned, the rest is in the pool.
///
/// All or none. Signed by the product if there is only one.
pub fn carry_out(call: &mut Call<'_>) -> Result {
    let orders = orders(call.params)?;
    let mut keys: Vec<Value> = Vec::with_capacity(orders.len());
    let mut product_id = None;
    for (place, order) in orders.iter().enumerate() {
        let (generator, terms) = read(call, order, place + 1)?;
        sign(call, generator.product_id, &mut product_id)?;
        let licenses = add_licenses(call, &generator, 1, |license| settled(call, license, &terms))?;
        keys.extend(licenses.into_iter().map(|license| Value::from(license.license_key)));
    }
    if keys.is_empty() {
        return Err(Outcome::NoLicenseKeysCreated.into());
    }
    Ok(Reply::from(Outcome::LicenseKeysCreated)
        .with("created", keys.len())
        .with("duplicate", 0)
        .with("license_keys", keys))
}

fn orders(params: &Params) -> Result<Vec<Value>> {
    let mut errors = FieldErrors::default();
    let orders = params.list(FIELD);
    match &orders {
        None => errors.must(FIELD, "be an array"),
        Some(orders) if orders.len() > MAX_LICENSE_KEYS => {
            errors.must(FIELD, &format!("not have more than {MAX_LICENSE_KEYS} items"));
        }
        Some(_) => {}
    }
    orders.filter(|_| errors.is_empty()).ok_or_else(|| refused(&errors))
}

/// Which generator makes the key of an order, and what is ordered.
fn read(call: &Call<'_>, order: &Value, place: usize) -> Result<(Generator, LicenseChange)> {
    let mut errors = FieldErrors::default();
    let fields = Params::from_object(order).unwrap_or_default();
    let generator = generator(call, &fields)?;
    if generator.is_none() {
        errors.add("generator_id", "There is no such product, or no such active generator of it.");
    }
    let terms = license_fields::ordered(&fields, &mut errors);
    match generator {
        Some(generator) if errors.is_empty() => Ok((generator, terms)),
        _ => Err(refused(&of_item(place, &errors))),
    }
}

/// The active generator that is named, of the product that is named; or that product's own.
fn generator(call: &Call<'_>, fields: &Params) -> Result<Option<Generator>> {
    let product = match fields.text("product_id") {
        None => None,
        Some(reference) => match call.tx.product_by_reference(reference.trim())? {
            None => return Ok(None),
            product => product,
        },
    };
    let generator = match (fields.text("generator_id"), &product) {
        (Some(reference), _) => call.tx.generator_by_reference(reference.trim())?,
        (None, Some(product)) => call.tx.active_generator_of_product(product.id)?,
        (None, None) => None,
    };
    Ok(generator.filter(|generator| {
        generator.active && product.is_none_or(|product| product.id == generator.product_id)
    }))
}

fn settled(call: &Call<'_>, license: NewLicense, terms: &LicenseChange) -> NewLicense {
    let is_assigned = terms.owner_email.is_some();
    NewLicense {
        owner_name: terms.owner_name.clone(),
        owner_email: terms.owner_email.clone(),
        activation_limit: terms.activation_limit.unwrap_or(license.activation_limit),
        validity: terms.validity.unwrap_or(license.validity),
        assigned_at: is_assigned.then_some(call.now),
        status: if is_assigned { LicenseStatus::Assigned } else { license.status },
        ..license
    }
}

/// Has the product sign as long as there is no other: no product speaks for another's keys.
fn sign(call: &mut Call<'_>, product_id: i64, first: &mut Option<i64>) -> Result<()> {
    match *first {
        None => {
            *first = Some(product_id);
            if let Some(product) = call.tx.product(product_id)? {
                call.sign_with(&product);
            }
        }
        Some(first) if first == product_id => {}
        Some(_) => call.signing_product = None,
    }
    Ok(())
}

/// What is wrong with one element, as said of the list.
fn of_item(place: usize, errors: &FieldErrors) -> FieldErrors {
    let mut said = FieldErrors::default();
    for message in errors.messages() {
        said.add(FIELD, format!("Item {place}: {message}"));
    }
    said
}

fn refused(errors: &FieldErrors) -> Error {
    Reply::from(Outcome::CreateLicenseIncorrectData).with("errors", errors.lists()).into()
}
