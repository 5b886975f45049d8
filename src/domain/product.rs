//! Products: what license keys are sold for.

use std::sync::Arc;

/// A product, as far as a request needs it (contract §3.5).
#[derive(Clone, Debug)]
pub struct Product {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub status: ProductStatus,
    /// Names the product's own signing key; `None`: the installation's key signs for it.
    pub signing_key: Option<Fingerprint>,
}

/// What is needed to create a product.
#[derive(Clone, Debug)]
pub struct NewProduct {
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
