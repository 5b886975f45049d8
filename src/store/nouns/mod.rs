//! The SQL of each kind of record (licenses, products and so on), as methods on `Tx`.

mod activations;
mod activity;
pub(in crate::store) mod api_keys;
mod audit;
mod audit_index;
mod blocks;
pub(in crate::store) mod callbacks;
mod contracts;
mod customers;
mod downloadables;
pub(in crate::store) mod erasure;
mod generators;
pub(in crate::store) mod idempotency;
mod jobs;
mod license_batches;
pub(in crate::store) mod license_checksum;
mod license_files;
mod license_list;
mod license_meta;
mod license_notes;
mod license_search;
mod licenses;
mod ownership;
mod product_meta;
mod products;
mod published_keys;
mod refusals;
mod retention;
mod telemetry;
mod usage_hours;

#[cfg(test)]
mod tests;
