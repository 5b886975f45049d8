//! Downloadables: the versions of a product that its customers may download.

use super::Timestamp;

/// One version of a product (API §4.5).
#[derive(Clone, Debug)]
pub struct Downloadable {
    pub id: i64,
    pub product_id: i64,
    /// Orders the versions of a product; chosen by the operator.
    pub numeric_version: i64,
    pub version: String,
    pub update_summary: String,
    pub changelog: String,
    /// Whether customers can see and download this version.
    pub published: bool,
    pub release_date: Timestamp,
    pub download_counter: i64,
    pub file: StoredFile,
}

/// A file in the data directory.
#[derive(Clone, Debug)]
pub struct StoredFile {
    /// The name under which browsers save the file.
    pub name: String,
    /// SHA-256 of the content in lower-case hex, which is also the file's name in the data directory.
    pub sha256: String,
    /// The size in bytes.
    pub size: i64,
}

/// A downloadable to be created.
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
