//! Products: what license keys are sold for.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::meta;
use super::product_fields;
use crate::api::call::Call;
use crate::domain::{MetaEntry, NewProduct, Outcome, Product, ProductStatus};
use crate::wire::field_errors::FieldErrors;
use crate::wire::reply::{Reply, Result};

/// `POST /create-product` (API §4.18): `name` and `description`; if sent, also `source`,
/// `require_non_expired`, `status`, `external_reference`, `slug`, `changelog_enabled` and `features`. Answers
/// `product_id`, or 751 with all that is wrong.
pub fn create(call: &mut Call<'_>) -> Result {
    let mut errors = FieldErrors::default();
    let change = product_fields::read(call, &["name", "description"], None, &mut errors)?;
    let (true, Some(name), Some(description)) = (errors.is_empty(), &change.name, &change.description) else {
        return Err(Reply::from(Outcome::CreateProductIncorrectData).with("errors", errors.lists()).into());
    };
    let product = NewProduct {
        uuid: call.new_uuid()?,
        name: name.clone(),
        description: description.clone(),
        status: change.status.unwrap_or(ProductStatus::Active),
    };
    let id = call.tx.add_product_with(&product, &change, call.now)?;
    Ok(Reply::from(Outcome::ProductCreated).with("product_id", id))
}

/// `POST /update-product` (API §4.19): `product_id`, and what changes, as in `create`; the rest stays as
/// it is. A blank `external_reference`, `slug` or `features` takes away what was there. A product that
/// doesn't exist is one of the errors of 651.
pub fn update(call: &mut Call<'_>) -> Result {
    let mut errors = FieldErrors::default();
    let id = match call.params.text("product_id") {
        None => {
            errors.required("product_id");
            None
        }
        Some(reference) => {
            let product = call.tx.product_by_reference(reference.trim())?;
            if product.is_none() {
                errors.invalid("product_id");
            }
            product.map(|product| product.id)
        }
    };
    let change = product_fields::read(call, &[], id, &mut errors)?;
    let (true, Some(id)) = (errors.is_empty(), id) else {
        return Err(Reply::from(Outcome::UpdateProductIncorrectData).with("errors", errors.lists()).into());
    };
    call.tx.change_product(id, &change, call.now)?;
    Ok(Outcome::ProductUpdated.into())
}

/// `POST /delete-product` (API §4.20): `product_id`. Its metadata, generators and downloads go with it;
/// its licenses stay, and answer 203 from then on.
pub fn delete(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::ProductNotFound)?;
    call.tx.delete_product(product.id)?;
    Ok(Outcome::ProductDeleted.into())
}

/// `GET /get-all-products` (API §4.21): all of them, by id.
pub fn list(call: &mut Call<'_>) -> Result {
    let mut of_product: HashMap<i64, Vec<MetaEntry>> = HashMap::new();
    for (product_id, entry) in call.tx.all_product_meta()? {
        of_product.entry(product_id).or_default().push(entry);
    }
    let with_meta = |product: Product| {
        let entries = of_product.remove(&product.id).unwrap_or_default();
        (product, entries)
    };
    let rows: Vec<_> = call.tx.products()?.into_iter().map(with_meta).collect();
    let row = |(product, entries): &(Product, Vec<MetaEntry>)| shown(product, &meta::shown(entries));
    Ok(Reply::from(Outcome::AllProducts).with_list("products", rows, row))
}

/// `GET /get-product` (API §5.4): `product_id`, which may be left out where there is one product only.
pub fn show(call: &mut Call<'_>) -> Result {
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    let mut row = shown(&product, &meta::shown(&call.tx.product_meta(product.id)?));
    // The database holds nothing else than JSON here.
    let features: Value = serde_json::from_str(&product.features).unwrap_or_default();
    if let Value::Object(fields) = &mut row {
        fields.insert("uuid".to_owned(), product.uuid.into());
        fields.insert("slug".to_owned(), product.slug.into());
        fields.insert("features".to_owned(), features);
    }
    Ok(Reply::from(Outcome::ProductInformation).with("product", row))
}

/// `GET /get-product-public-key` (API §5.7): `product_id`, which may be left out where there is one
/// product only. Answers what verifies the product's answers: its own public key, or, where it has no key of
/// its own, the installation's, which signs for it. 633 where the server signs nothing.
pub fn public_key(call: &mut Call<'_>) -> Result {
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    let global = call.context.global_public_key().ok_or(Outcome::ProductPublicKeyUnavailable)?;
    let public_key = match product.signing_key {
        None => global,
        Some(_) => call.tx.product_public_key(product.id)?.ok_or(Outcome::ProductPublicKeyUnavailable)?,
    };
    Ok(Reply::from(Outcome::ProductPublicKey)
        .with("product_uuid", product.uuid)
        .with("public_key", public_key))
}

/// A product as every list shows it.
fn shown(product: &Product, meta_data: &Value) -> Value {
    json!({
        "id": product.id,
        "external_reference": product.external_reference,
        "source": product.source.as_str(),
        "name": product.name,
        "post_url": product.post_url,
        "description": product.description,
        "status": product.status.as_str(),
        "require_non_expired": i64::from(product.require_non_expired),
        "created_at": product.created_at.to_iso(),
        "updated_at": product.updated_at.to_iso(),
        "meta_data": meta_data,
    })
}
