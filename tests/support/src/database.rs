//! A server's database by SQL: for states that neither the API nor a command makes, and for what they don't show.

use rusqlite::Connection;

use super::TestServer;

/// The database of a server, which may run.
#[expect(
    clippy::disallowed_methods,
    reason = "no store of ours: the database as another program reads or changes it"
)]
pub fn database(server: &TestServer) -> Connection {
    Connection::open(server.data().join("keyseal.db")).unwrap()
}

/// Runs SQL while the server runs. For setting up only: tests assert through the API.
pub fn execute(server: &TestServer, sql: &str) {
    database(server).execute_batch(sql).unwrap();
}
