//! Pages beside the API: health, documents, published keys, downloads, changelogs, metrics, and the demo's own.

pub mod changelog;
pub mod demo;
pub mod documents;
pub mod download;
pub mod health;
pub mod keys;
pub mod metrics;
