//! Metadata on products.

/// One entry.
#[derive(Clone, Debug)]
pub struct ProductMeta {
    pub product_id: i64,
    pub key: String,
    /// The exact text received.
    pub value: String,
}
