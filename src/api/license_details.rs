//! The details of a license and its product, for a client on which the license is active.

use serde_json::{Value, json};

use super::meta;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::fields::{IDENTIFIER, LICENSE_KEY, OF_PRODUCT};
use crate::api::record::{Audience, LICENSE_GATE, Record, answer};
use crate::api::shape::{ASSIGNED_AT, META_DATA, OWNED_BY, Shape};
use crate::domain::{License, MetaEntry, Outcome, Product};
use crate::wire::reply::{Reply, Result};

/// `POST /get-license-key-details` (API §4.4).
pub const DETAILS: Endpoint =
    Record::new(Audience::Product, "The details of an active license and its product")
        .says("`expires_at` is `false` if the license never expires.")
        .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT])
        .answers(&[answer(Outcome::LicenseDetails, &[("licenseKey", LICENSE), ("product", PRODUCT)])])
        .refuses(LICENSE_GATE)
        .run(details);

fn details(call: &mut Call<'_>) -> Result {
    let (license, product) = call.gate().usable()?;
    let license_meta = call.tx.license_meta(license.id)?;
    let product_meta = call.tx.product_meta(product.id)?;
    Ok(Reply::from(Outcome::LicenseDetails)
        .with("licenseKey", license_value(&license, &license_meta))
        .with("product", product_value(&product, &product_meta)))
}

const LICENSE: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("license_key", Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222")),
    OWNED_BY[0],
    OWNED_BY[1],
    ("activation_limit", Shape::Number(0)),
    ("validity", Shape::Number(365)),
    ASSIGNED_AT,
    META_DATA,
    ("expires_at", Shape::TextOrFalse("2027-02-27 03:05:31")),
]);

fn license_value(license: &License, meta: &[MetaEntry]) -> Value {
    json!({
        "id": license.id,
        "license_key": license.license_key,
        "owner_name": license.owner_name,
        "owner_email": license.owner_email,
        "activation_limit": license.activation_limit,
        "validity": license.validity,
        "assigned_at": license.assigned_at.map(|moment| moment.to_string()),
        "meta_data": meta::shown(meta),
        // The original's way to say "never".
        "expires_at": license.expires_at().map_or(Value::Bool(false), |end| end.to_string().into()),
    })
}

const PRODUCT: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("external_reference", Shape::Text("")),
    ("source", Shape::Word(&["internal", "envato"])),
    ("name", Shape::Text("My product")),
    ("post_url", Shape::Text("")),
    ("description", Shape::Text("What I sell")),
    META_DATA,
]);

fn product_value(product: &Product, meta: &[MetaEntry]) -> Value {
    json!({
        "id": product.id,
        "external_reference": product.external_reference,
        "source": product.source.as_str(),
        "name": product.name,
        "post_url": product.post_url,
        "description": product.description,
        "meta_data": meta::shown(meta),
    })
}
