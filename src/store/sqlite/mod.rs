//! The SQLite engine: connections that read, the one that writes, the write-ahead log, copies.

pub(in crate::store) mod checkpoint;
pub(in crate::store) mod connection;
mod engine;
pub(in crate::store) mod errors;
pub(in crate::store) mod reader;
pub(in crate::store) mod snapshot;
pub(in crate::store) mod wal;
pub(in crate::store) mod writer;
pub(in crate::store) mod writer_stats;
