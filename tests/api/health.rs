//! Health: for whoever runs the server.

use crate::support::{TestServer, send_raw};

#[test]
fn a_running_server_is_live_and_ready() {
    let server = TestServer::start();
    assert_eq!(server.get_plain("/livez"), (200, "ok\n".to_owned()));
    assert_eq!(server.get_plain("/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(send_raw(server.address(), b"HEAD /livez HTTP/1.0\r\n\r\n", false).0, 200);
}
