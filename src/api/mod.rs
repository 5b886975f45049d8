//! The endpoints: plain functions from a call to a reply, a file per noun. They see no request, no connection, no key.

pub mod activations;
pub mod assign;
pub mod assignments;
mod contract_terms;
pub mod contracts;
pub mod generators;
pub mod license_details;
pub mod license_meta;
pub mod own_contract;
