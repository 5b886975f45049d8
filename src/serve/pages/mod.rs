//! Pages beside the API: health, documents, published keys, downloads, changelogs, metrics, and the demo's own.

pub mod changelog;
pub mod demo;
pub mod documents;
pub mod download;
pub mod health;
pub mod keys;
pub mod metrics;

/// Pages that are kept as they were last written.
#[derive(Default)]
pub struct Pages {
    pub documents: documents::Library,
    pub keys: keys::PublishedKeys,
}
