//! The endpoints, a file per noun: for each its record and its function. They see no HTTP request, no database
//! connection and no key.

pub mod endpoint;
pub mod call;
pub mod sent;
pub mod record;
pub mod fields;
pub mod field;
pub mod shape;

pub mod activations;
pub mod license_details;
mod license_ends;
pub mod license_explanations;
pub mod license_features;
pub mod downloads;
pub mod assignments;
pub mod random_assignments;
pub mod jobs;
pub mod licenses;
mod license_fields;
mod license_orders;
pub mod license_meta;
pub mod license_seats;
pub mod renewals;
mod meta;
pub mod products;
mod product_fields;
pub mod product_meta;
pub mod changelogs;
pub mod generators;
pub mod telemetry;
mod telemetry_report;
pub mod contracts;
mod contract_terms;
pub mod own_contract;
