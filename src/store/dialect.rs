//! The words of SQL that differ between the engines. Everything else is in the nouns' statements, once.

/// One engine's words.
#[derive(Debug)]
pub struct Dialect {
    /// Follows an expression that is compared with ASCII case folded. Columns declared so need it not.
    pub ignore_case: &'static str,
    /// Ends a SELECT whose rows stay locked until the transaction ends.
    pub lock_rows: &'static str,
    /// Creates the temporary table of [`Tx::begin_noting_keys`](super::Tx::begin_noting_keys).
    pub create_noted_keys: &'static str,
    /// Checks foreign keys only at the commit of this transaction.
    pub defer_foreign_keys: &'static str,
    /// Lets this connection keep more of the database in memory.
    pub expect_large_change: &'static str,
}

/// SQLite has one writer at a time, so rows need no locks.
pub const SQLITE: Dialect = Dialect {
    ignore_case: " COLLATE NOCASE",
    lock_rows: "",
    create_noted_keys: "CREATE TEMPORARY TABLE noted_keys (
                            license_key TEXT PRIMARY KEY COLLATE NOCASE, line INTEGER NOT NULL
                        ) STRICT, WITHOUT ROWID",
    defer_foreign_keys: "PRAGMA defer_foreign_keys = ON",
    // 64 MiB: SQLite takes a number below zero for KiB.
    expect_large_change: "PRAGMA cache_size = -65536",
};
