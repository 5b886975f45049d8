//! Integrity checks, copies and counts of a database: for the server's start, backups, `doctor` and the demo.

pub(in crate::store) mod check;
pub(in crate::store) mod contents;
pub(in crate::store) mod inspection;
pub(in crate::store) mod snapshot;
pub(in crate::store) mod soundness;
