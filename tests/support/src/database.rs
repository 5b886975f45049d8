//! Changes a server's database by SQL, for states that neither the API nor a command makes.

use rusqlite::Connection;

use super::TestServer;

/// Runs SQL while the server runs. For setting up only: tests assert through the API.
#[expect(
    clippy::disallowed_methods,
    reason = "no store of ours: the database as another program would change it"
)]
pub fn execute(server: &TestServer, sql: &str) {
    let connection = Connection::open(server.data().join("keyseal.db")).unwrap();
    connection.execute_batch(sql).unwrap();
}
