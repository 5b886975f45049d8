//! Runs every statement in `nouns/` on SQLite and on PostgreSQL, and expects the same results.
//!
//! PostgreSQL is used in tests only. An engine for it would need, besides the code in `postgres.rs`:
//!
//! * License keys, identifiers, meta keys, owners, slugs and UUIDs ignore ASCII case in SQLite. The tests use the
//!   type `citext` in a database of the locale C, where it ignores the case of ASCII only; in any other locale it
//!   ignores more.
//! * A number that a statement compares with a literal is `int4` in PostgreSQL, and a larger one is an error: the
//!   owner in `coalesce(product_id, 0) = coalesce(?1, 0)`.
//! * A failed statement ends the transaction up to the last savepoint, while SQLite continues: each job needs a
//!   savepoint.
//! * PostgreSQL takes the type of a parameter from its first use: `?1 IS NULL` before that use determines no type,
//!   and a parameter that is never used has none. The statements are written accordingly.
//! * The conditions that keep SQLite from using an index (`product_id + 0 = ?1`) have no use.
//! * Integrity checks, table counts, pages, the demo's content and the row cache (`data_version`) exist for SQLite
//!   only.
//! * Ids have gaps: `ON CONFLICT DO NOTHING` uses up an id, unlike in SQLite.

mod finding;
mod plans;
mod postgres;
mod scenarios;
mod schema;

use rusqlite::Connection;

use crate::store::Tx;
use crate::store::schema::SCHEMA;
use crate::store::sql::Engine;
use crate::store::sqlite::connection::open_in_memory;

use crate::store::row_cache::BlocklistCache;

/// An empty SQLite database in memory.
fn in_memory() -> Connection {
    let connection = open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection
}

/// Runs all scenarios in one transaction each.
fn run_all(engine: &dyn Engine) {
    for (name, scenario) in scenarios::ALL {
        engine.execute_once("BEGIN").unwrap();
        let blocklist = BlocklistCache::default();
        eprintln_scenario(name);
        scenario(&Tx::writing(engine, &blocklist));
        engine.execute_once("ROLLBACK").unwrap();
    }
}

#[expect(clippy::print_stderr, reason = "cargo shows it only for a test that fails: which scenario it was")]
fn eprintln_scenario(name: &str) {
    eprintln!("scenario: {name}");
}

#[test]
fn every_statement_runs_on_sqlite() {
    let connection = in_memory();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    run_all(&connection);
}

#[test]
#[expect(clippy::print_stderr, reason = "says why it tests nothing")]
fn every_statement_runs_on_postgresql() {
    let Some(server) = postgres::Server::start() else {
        eprintln!("skipped: there is no PostgreSQL in {}", postgres::PLACE);
        return;
    };
    run_all(&server.open());
}
