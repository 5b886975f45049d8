//! Metadata: what vendors keep on licenses and products.

/// The most entries that a license or a product has.
pub const MAX_META_ENTRIES: i64 = 1_000;

/// The most bytes that the keys and values of a license or of a product have together: all of them go into one answer.
pub const MAX_META_BYTES: i64 = 1024 * 1024;

/// One entry, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaEntry {
    pub key: String,
    pub value: String,
}

/// How much metadata there is on one license or product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetaSize {
    pub entries: i64,
    /// Of keys and values, as UTF-8.
    pub bytes: i64,
}
