//! The endpoints: plain functions from a call to a reply, a file per noun. They see no request, no connection, no key.

pub mod changelogs;
pub mod downloads;
pub mod license_meta;
