//! The SQLite engine: connections that read, the one that writes, the write-ahead log, copies.

pub(in crate::store) mod checkpoint;
pub(in crate::store) mod connection;
pub(in crate::store) mod errors;
pub(in crate::store) mod reader;
pub(in crate::store) mod row_cache;
pub(in crate::store) mod snapshot;
pub(in crate::store) mod wal;
pub(in crate::store) mod write_job;
pub(in crate::store) mod writer;
pub(in crate::store) mod writer_stats;
