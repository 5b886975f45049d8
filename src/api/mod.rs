//! The endpoints: plain functions from a call to a reply, a file per noun. They see no request, no connection, no key.

pub mod activations;
pub mod assignments;
pub mod random_assignments;
pub mod call;
pub mod changelogs;
mod contract_terms;
pub mod contracts;
pub mod downloads;
pub mod generators;
pub mod jobs;
pub mod license_details;
pub mod license_fields;
pub mod license_meta;
mod license_orders;
pub mod licenses;
mod meta;
pub mod own_contract;
mod product_fields;
pub mod product_meta;
pub mod products;
pub mod telemetry;
