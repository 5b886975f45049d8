//! The parts of SQL that differ between database engines. All other SQL is in `nouns/`, the same for all engines.

/// The parts of SQL that one engine writes in its own way.
#[derive(Debug)]
pub struct Dialect {
    /// Compares a column with a value, ignoring ASCII case. Not needed for columns that the schema declares as
    /// ignoring case.
    pub equal_ignoring_case: fn(column: &str, value: &str) -> String,
    /// Ends a SELECT whose rows stay locked until the transaction ends.
    pub lock_rows: &'static str,
    /// Creates the temporary table of [`Tx::begin_noting_keys`](super::Tx::begin_noting_keys).
    pub create_noted_keys: &'static str,
    /// Checks foreign keys only at the commit of this transaction.
    pub defer_foreign_keys: &'static str,
    /// Enlarges the page cache of this connection.
    pub expect_large_change: &'static str,
}

/// The dialect of SQLite. Rows need no locks, because there is one writer at a time.
pub const SQLITE: Dialect = Dialect {
    equal_ignoring_case: |column, value| format!("{column} = {value} COLLATE NOCASE"),
    lock_rows: "",
    create_noted_keys: "CREATE TEMPORARY TABLE noted_keys (
                            license_key TEXT PRIMARY KEY COLLATE NOCASE, line INTEGER NOT NULL
                        ) STRICT, WITHOUT ROWID",
    defer_foreign_keys: "PRAGMA defer_foreign_keys = ON",
    // 64 MiB: SQLite takes a number below zero for KiB.
    expect_large_change: "PRAGMA cache_size = -65536",
};
