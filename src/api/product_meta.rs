//! The endpoints for metadata on products.

use super::meta;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::fields::{META_KEY, META_VALUE, ONLY_PRODUCT_ID, PRODUCT_ID};
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::shape::META_DATA;
use crate::domain::Outcome;
use crate::wire::reply::{Reply, Result};

/// The limits of `meta::check_size`.
const LIMITS: &str = "A product has at most 1,000 entries, and at most 1 MiB of keys and values, which take at \
                      most 3 MiB as an answer has them. More is refused with 1913, where `field` is `key` or \
                      `value`.";

/// `POST /create-product-meta` (API §4.22).
pub const CREATE: Endpoint = Record::new(Audience::Vendor, "Adds a metadata entry to a product")
    .says(LIMITS)
    .takes(&[&PRODUCT_ID, &META_KEY, &META_VALUE])
    .answers(&[
        plain(Outcome::ProductMetaCreated),
        plain(Outcome::CreateProductMetaProductNotFound),
        plain(Outcome::CreateProductMetaKeyRequired),
        plain(Outcome::CreateProductMetaValueRequired),
        plain(Outcome::ProductMetaKeyExists),
    ])
    .run(create);

/// Adds an entry. The answer doesn't contain its id, unlike that for an entry of a license.
fn create(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::CreateProductMetaProductNotFound)?;
    let key = call.require(META_KEY, Outcome::CreateProductMetaKeyRequired)?;
    let value = call.require(META_VALUE, Outcome::CreateProductMetaValueRequired)?;
    if !call.tx.add_product_meta(product.id, &key, &value, call.now)? {
        return Err(Outcome::ProductMetaKeyExists.into());
    }
    meta::check_size(call.tx.product_meta_size(product.id)?, || call.tx.product_meta(product.id))?;
    Ok(Outcome::ProductMetaCreated.into())
}

/// `POST /update-product-meta` (API §4.23).
pub const UPDATE: Endpoint = Record::new(Audience::Vendor, "Changes a metadata entry of a product")
    .says(LIMITS)
    .takes(&[&PRODUCT_ID, &META_KEY, &META_VALUE])
    .answers(&[
        plain(Outcome::ProductMetaUpdated),
        plain(Outcome::UpdateProductMetaProductNotFound),
        plain(Outcome::UpdateProductMetaKeyRequired),
        plain(Outcome::UpdateProductMetaValueRequired),
        plain(Outcome::UpdateProductMetaKeyMissing),
    ])
    .run(update);

fn update(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::UpdateProductMetaProductNotFound)?;
    let key = call.require(META_KEY, Outcome::UpdateProductMetaKeyRequired)?;
    let value = call.require(META_VALUE, Outcome::UpdateProductMetaValueRequired)?;
    if !call.tx.set_product_meta(product.id, &key, &value, call.now)? {
        return Err(Outcome::UpdateProductMetaKeyMissing.into());
    }
    meta::check_size(call.tx.product_meta_size(product.id)?, || call.tx.product_meta(product.id))?;
    Ok(Outcome::ProductMetaUpdated.into())
}

/// `POST /delete-product-meta` (API §4.24).
pub const DELETE: Endpoint = Record::new(Audience::Vendor, "Deletes a metadata entry of a product")
    .takes(&[&PRODUCT_ID, &META_KEY])
    .answers(&[
        plain(Outcome::ProductMetaDeleted),
        plain(Outcome::DeleteProductMetaProductNotFound),
        plain(Outcome::DeleteProductMetaKeyRequired),
        plain(Outcome::DeleteProductMetaKeyMissing),
    ])
    .run(delete);

fn delete(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::DeleteProductMetaProductNotFound)?;
    let key = call.require(META_KEY, Outcome::DeleteProductMetaKeyRequired)?;
    if !call.tx.delete_product_meta(product.id, &key)? {
        return Err(Outcome::DeleteProductMetaKeyMissing.into());
    }
    Ok(Outcome::ProductMetaDeleted.into())
}

/// `GET /get-product-meta` (API §5.5).
pub const LIST: Endpoint = Record::new(Audience::Product, "Lists the metadata entries of a product")
    .takes(&[&ONLY_PRODUCT_ID])
    .answers(&[answer(Outcome::ProductInformation, &[META_DATA]), plain(Outcome::ProductNotFound)])
    .run(list);

fn list(call: &mut Call<'_>) -> Result {
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    let entries = call.tx.product_meta(product.id)?;
    Ok(Reply::from(Outcome::ProductInformation).with("meta_data", meta::shown(&entries)))
}
