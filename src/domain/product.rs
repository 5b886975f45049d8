//! Products: what license keys are sold for.

use std::sync::Arc;

use super::Timestamp;

/// A product (contract §3.5).
#[derive(Clone, Debug)]
pub struct Product {
    pub id: i64,
    pub uuid: String,
    pub slug: Option<String>,
    pub external_reference: String,
    pub source: String,
    pub name: String,
    pub post_url: String,
    pub description: String,
    pub status: ProductStatus,
    pub require_non_expired: bool,
    pub changelog_enabled: bool,
    /// JSON, as it was sent.
    pub features: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Names the product's own signing key; `None`: the installation's key signs for it.
    pub signing_key: Option<Fingerprint>,
}

/// What is needed to create a product.
#[derive(Clone, Debug)]
pub struct NewProduct {
    pub uuid: String,
    pub name: String,
    pub description: String,
    pub status: ProductStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductStatus {
    Active,
    Inactive,
}

impl ProductStatus {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Inactive].into_iter().find(|status| status.as_str() == word)
    }
}

/// SHA-256 of a public key's SPKI encoding, in lower-case hex: names a signing key without revealing it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub Arc<str>);
