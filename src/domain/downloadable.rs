//! Downloadables: the versions of a product that its customers may download.

use super::Timestamp;

/// One version of a product (API §4.5).
#[derive(Clone, Debug)]
pub struct Downloadable {
    pub id: i64,
    pub product_id: i64,
    /// What versions are ordered by; the operator's choice.
    pub numeric_version: i64,
    pub version: String,
    pub update_summary: String,
    pub changelog: String,
    /// Whether customers see it.
    pub published: bool,
    pub release_date: Timestamp,
    pub download_counter: i64,
    pub file: StoredFile,
}

/// A file in the data directory.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// What the customer's browser calls it.
    pub name: String,
    /// Of its content, in lower-case hex: where it is kept.
    pub sha256: String,
    /// In bytes.
    pub size: i64,
}

/// What is needed to create a downloadable.
#[derive(Clone, Debug)]
pub struct NewDownloadable {
    pub product_id: i64,
    pub numeric_version: i64,
    pub version: String,
    pub update_summary: String,
    pub changelog: String,
    pub published: bool,
    pub release_date: Timestamp,
    pub file: StoredFile,
}
