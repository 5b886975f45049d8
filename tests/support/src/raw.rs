//! Sends bytes on a connection of their own, for what no HTTP client would send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::RawAnswer;

/// Sends bytes and gives the status and body of the first answer. `close` closes the sending side first.
pub fn send_raw(address: SocketAddr, bytes: &[u8], close: bool) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    if close {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(answer) = RawAnswer::take(&mut received, bytes.starts_with(b"HEAD ")).unwrap() {
            return (answer.status, String::from_utf8(answer.body).unwrap());
        }
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&chunk[..read]);
    }
}
