//! How commands name a product: by its id, its UUID, its slug or its name.

use crate::cli::{Result, open};
use crate::domain::Product;
use crate::files::DataDir;
use crate::maintenance::signing_keys::unknown_product;
use crate::store::Tx;

/// The id of the product that `--product` names. An id is taken as it is: the product may be deleted, and its licenses
/// and keys still be there.
pub fn id(data: &DataDir, reference: &str) -> Result<i64> {
    match reference.trim().parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(open(data)?.try_read(|tx| existing(tx, reference))?.id),
    }
}

/// Like [`id`], where the option may be left out.
pub fn optional_id(data: &DataDir, reference: Option<&str>) -> Result<Option<i64>> {
    reference.map(|reference| id(data, reference)).transpose()
}

/// The product with this id.
pub fn by_id(tx: &Tx<'_>, id: i64) -> Result<Product> {
    Ok(tx.product(id)?.ok_or_else(|| unknown_product(id))?)
}

/// The product that is named.
pub fn existing(tx: &Tx<'_>, reference: &str) -> Result<Product> {
    let reference = reference.trim();
    if let Some(product) = tx.product_by_reference(reference)? {
        return Ok(product);
    }
    match tx.products_called(reference)?.as_slice() {
        [] => Err(unknown_product(format_args!("\"{reference}\"")).into()),
        ids => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            Err(format!(
                "several products are called \"{reference}\": give the id, one of {}",
                ids.join(", ")
            )
            .into())
        }
    }
}
