//! Health: for whoever runs the server.

use crate::support::TestServer;

#[test]
fn a_running_server_is_live_and_ready() {
    let server = TestServer::start();
    assert_eq!(server.get_plain("/livez"), (200, "ok\n".to_owned()));
    assert_eq!(server.get_plain("/readyz"), (200, "ready\n".to_owned()));
}
