//! What a license and its product are, for whoever holds an activation of it.

use serde_json::{Value, json};

use super::meta;
use crate::api::call::Call;
use crate::domain::{License, MetaEntry, Outcome, Product};
use crate::wire::reply::{Reply, Result};

/// `POST /get-license-key-details` (API §4.4): `license_key`, `identifier`.
pub fn details(call: &mut Call<'_>) -> Result {
    let (license, product) = call.usable_license_and_product()?;
    let license_meta = call.tx.license_meta(license.id)?;
    let product_meta = call.tx.product_meta(product.id)?;
    Ok(Reply::from(Outcome::LicenseDetails)
        .with("licenseKey", license_value(&license, &license_meta))
        .with("product", product_value(&product, &product_meta)))
}

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
