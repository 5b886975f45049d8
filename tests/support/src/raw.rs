//! Bytes on a socket, for what no HTTP client would send.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// Sends bytes, closes the sending side if told to, and gives the status and body of the first answer.
pub fn send_raw(address: SocketAddr, bytes: &[u8], close: bool) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    if close {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    // The connection may stay open: an answer is whole when its announced length is there.
    loop {
        if let Some(answer) = whole(&received) {
            return answer;
        }
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&received));
        received.extend_from_slice(&chunk[..read]);
    }
}

fn whole(received: &[u8]) -> Option<(u16, String)> {
    let text = std::str::from_utf8(received).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
    if status == 100 {
        return whole(body.as_bytes());
    }
    let head = head.to_ascii_lowercase();
    if head.contains("content-length: 3") && body.is_empty() {
        // The answer to a HEAD announces a body that doesn't come.
        return Some((status, String::new()));
    }
    let length: usize = head.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
    (body.len() >= length).then(|| (status, body[..length].to_owned()))
}
