//! Metadata: what vendors keep on licenses and products.

/// One entry, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaEntry {
    pub key: String,
    pub value: String,
}
