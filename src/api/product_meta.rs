//! Metadata on products.

use super::meta;
use crate::api::call::Call;
use crate::domain::Outcome;
use crate::wire::reply::{Reply, Result};

/// `POST /create-product-meta` (API §4.22): `product_id`, `key` (at most 255 bytes), `value` (at most 64 KiB).
/// Unlike a license's, the new entry's id is not answered. A product has at most 1,000 entries, of 1 MiB together.
pub fn create(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::CreateProductMetaProductNotFound)?;
    let key = call.meta_key(Outcome::CreateProductMetaKeyRequired)?;
    let value = call.meta_value(Outcome::CreateProductMetaValueRequired)?;
    if !call.tx.add_product_meta(product.id, &key, &value, call.now)? {
        return Err(Outcome::ProductMetaKeyExists.into());
    }
    meta::check_size(call.tx.product_meta_size(product.id)?)?;
    Ok(Outcome::ProductMetaCreated.into())
}

/// `POST /update-product-meta` (API §4.23): takes what `create` takes; the entry must exist.
pub fn update(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::UpdateProductMetaProductNotFound)?;
    let key = call.meta_key(Outcome::UpdateProductMetaKeyRequired)?;
    let value = call.meta_value(Outcome::UpdateProductMetaValueRequired)?;
    if !call.tx.set_product_meta(product.id, &key, &value, call.now)? {
        return Err(Outcome::UpdateProductMetaKeyMissing.into());
    }
    meta::check_size(call.tx.product_meta_size(product.id)?)?;
    Ok(Outcome::ProductMetaUpdated.into())
}

/// `POST /delete-product-meta` (API §4.24): `product_id`, `key`.
pub fn delete(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::DeleteProductMetaProductNotFound)?;
    let key = call.meta_key(Outcome::DeleteProductMetaKeyRequired)?;
    if !call.tx.delete_product_meta(product.id, &key)? {
        return Err(Outcome::DeleteProductMetaKeyMissing.into());
    }
    Ok(Outcome::ProductMetaDeleted.into())
}

/// `GET /get-product-meta` (API §5.5): `product_id`, which may be left out where there is one product
/// only. Answers all entries as `meta_data`.
pub fn list(call: &mut Call<'_>) -> Result {
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    let entries = call.tx.product_meta(product.id)?;
    Ok(Reply::from(Outcome::ProductInformation).with("meta_data", meta::shown(&entries)))
}
