//! The schema: makes a new database from schema.sql, checks an existing one, and upgrades an older one in steps.
//!
//! `schema.sql` is the whole current schema. A database tells its version by `PRAGMA user_version`; version 1 is
//! the first one released. Only a server and `keyseal upgrade` upgrade a database.
//!
//! To change the schema:
//!
//! 1. Keep a data directory of the current version: `tests/upgrade/make BINARY tests/upgrade/vN`, and a line in
//!    `tests/upgrade/README.md`.
//! 2. Change `schema.sql`. A new column goes where `ALTER TABLE … ADD COLUMN` puts it: after the last column.
//! 3. Write `steps/NNNN_words.sql`: the statements that lead from version NNNN - 1 to NNNN, without BEGIN,
//!    COMMIT or PRAGMA. What SQL can't compute is a function of `functions.rs`.
//! 4. Add it to [`steps::STEPS`] and raise [`VERSION`]. Set `rebuilds` if it replaces a table, as a change of a
//!    CHECK or of a generated column must: create the new table under another name, copy the rows, copy the old
//!    table's `seq` in `sqlite_sequence` (no id may be used again), drop the old table, rename the new one, and
//!    create the old one's indexes and triggers again.
//! 5. Adapt the statements in `nouns/`, and run `cargo test`: its upgrade tests compare each kept directory,
//!    stepped, with a new database.
//!
//! A released step is never changed: a later step corrects it.

pub(in crate::store) mod copies;
mod create;
mod functions;
mod open;
pub(in crate::store) mod rehearsal;
mod shape;
mod steps;
pub(in crate::store) mod upgrade;
pub(in crate::store) mod upgrade_error;

pub(in crate::store) use create::create;
pub(in crate::store) use open::{check_is_ours, check_sqlite, is_current, open_existing, open_writer};

pub(in crate::store) const SCHEMA: &str = include_str!("../../../schema.sql");

/// The version of schema.sql: that of the last step.
pub const VERSION: i64 = 4;

/// `PRAGMA application_id` of every Keyseal database: "KSEL". Another program's database has another one.
const APPLICATION_ID: i64 = 0x4b53_454c;

#[cfg(test)]
mod tests;
