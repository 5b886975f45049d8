//! Metadata: key-value entries that vendors keep on licenses and products.

/// The maximum number of entries of a license or a product.
pub const MAX_META_ENTRIES: i64 = 1_000;

/// The maximum size of all keys and values of a license or a product, in bytes: one answer contains them all.
pub const MAX_META_BYTES: i64 = 1024 * 1024;

/// The maximum size of all of them as an answer has them, in bytes: as much as any letters take, of which those that
/// are not ASCII take three times their own size. A control character takes six times its own.
pub const MAX_META_WRITTEN: i64 = 3 * MAX_META_BYTES;

/// One entry, as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaEntry {
    pub key: String,
    pub value: String,
}

/// The size of the metadata of one license or product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetaSize {
    pub entries: i64,
    /// The size of keys and values in UTF-8.
    pub bytes: i64,
}
