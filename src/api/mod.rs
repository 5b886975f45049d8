//! The endpoints: plain functions from a call to a reply, a file per noun. They see no request, no connection, no key.

pub mod activations;
pub mod assign;
pub mod assignments;
pub mod generators;
pub mod jobs;
pub mod license_details;
pub mod license_meta;
