//! Products, for which license keys are sold.

use super::{Fingerprint, MAX_NAME, ProductKey, Timestamp};

/// A product (API §3.5).
#[derive(Clone, Debug)]
pub struct Product {
    pub id: i64,
    pub uuid: String,
    pub slug: Option<String>,
    pub external_reference: String,
    pub source: ProductSource,
    pub name: String,
    pub post_url: String,
    pub description: String,
    pub status: ProductStatus,
    pub require_non_expired: bool,
    pub changelog_enabled: bool,
    /// The product's features: a JSON text, as the client sent it.
    pub features: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The fingerprint of the product's own signing key; `None`: the global key signs for it.
    pub signing_key: Option<Fingerprint>,
}

impl Product {
    /// The product's own signing key; `None`: the global key signs for it.
    pub fn own_key(&self) -> Option<ProductKey> {
        let fingerprint = self.signing_key.clone()?;
        Some(ProductKey { product_id: self.id, fingerprint })
    }
}

/// The longest description or list of features, in bytes.
pub const MAX_PRODUCT_TEXT: usize = 64 * 1024;

/// A change to a product; `None` keeps the current value.
#[derive(Clone, Debug, Default)]
pub struct ProductChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub source: Option<ProductSource>,
    pub status: Option<ProductStatus>,
    pub require_non_expired: Option<bool>,
    pub external_reference: Option<String>,
    /// The URL of the webhooks of its activations that have none of their own; empty: none.
    pub post_url: Option<String>,
    /// An empty text removes the slug.
    pub slug: Option<String>,
    pub changelog_enabled: Option<bool>,
    /// The product's features, as a JSON text.
    pub features: Option<String>,
}

/// A product to be created.
#[derive(Clone, Debug)]
pub struct NewProduct {
    pub uuid: String,
    pub name: String,
    pub description: String,
    pub status: ProductStatus,
}

#[cfg(test)]
impl NewProduct {
    /// An active product, for tests.
    pub fn sample() -> Self {
        Self {
            uuid: "u".to_owned(),
            name: "P".to_owned(),
            description: String::new(),
            status: ProductStatus::Active,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductStatus {
    Active,
    Inactive,
}

impl ProductStatus {
    /// The name of this value in the database and in the API.
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

/// The source of a product's license keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductSource {
    Internal,
    Envato,
}

impl ProductSource {
    /// The name of this value in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Envato => "envato",
        }
    }

    /// Ignores case, because the original documentation writes both `envato` and `Envato` (API §4.18).
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Internal, Self::Envato].into_iter().find(|source| source.as_str().eq_ignore_ascii_case(word))
    }
}

/// Whether a text can be the slug of a product: 1 to 255 ASCII letters, digits, `-` and `_`. A text that parses
/// as an id or a UUID can't, since it could refer to another product (API §3.10).
pub fn is_slug(text: &str) -> bool {
    let url_safe = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let length = (1..=MAX_NAME).contains(&text.len());
    url_safe && length && text.parse::<i64>().is_err() && uuid::Uuid::try_parse(text).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_url_safe_and_neither_an_id_nor_a_uuid() {
        for text in ["a", "My_product-2", "1a", "-", &"x".repeat(255)] {
            assert!(is_slug(text), "{text}");
        }
        let uuid = "3A343c8a-38fe-4b6e-ad77-222222222222";
        for text in ["", "a b", "a/b", "a.b", "..", "é", "a%20", "a\0", "12", "-12", uuid, &"x".repeat(256)]
        {
            assert!(!is_slug(text), "{text}");
        }
    }

    #[test]
    fn a_source_reads_back_from_its_word_in_any_case() {
        assert_eq!(ProductSource::parse("Envato"), Some(ProductSource::Envato));
        assert_eq!(ProductSource::parse("internal"), Some(ProductSource::Internal));
        assert_eq!(ProductSource::parse("other"), None);
    }
}
