//! What is no HTTP, or breaks its rules: it has no claim to a signed answer, but it must come to an end and
//! harm nobody.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use fastrand::Rng;

use super::request::{self, Piles};

/// A body may take eight seconds; past three times that a connection hangs.
const TIMEOUT: Duration = Duration::from_secs(30);

const HEADS: &[&[u8]] = &[
    b"GET /api/v1/verify HTTP/9.9\r\n\r\n",
    b"GET\r\n\r\n",
    b"\r\n\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n",
    b"GET /\xff\x00\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nab",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
    b"POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nlicense_key=",
    b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/v1/verify HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"EHLO example.com\r\n",
];

/// Bytes to be sent as a connection's first and last.
pub fn any(number: usize, rng: &mut Rng) -> Vec<u8> {
    match rng.u8(..10) {
        0..4 => HEADS[rng.usize(..HEADS.len())].to_vec(),
        4 => (0..rng.usize(1..2_000)).map(|_| rng.u8(..)).collect(),
        5 => {
            let header = format!("X-Long: {}\r\n", "a".repeat(rng.usize(1..5_000)));
            format!("GET /livez HTTP/1.1\r\nHost: x\r\n{}\r\n", header.repeat(rng.usize(1..200))).into_bytes()
        }
        _ => spoiled(request::any(number, Piles::Stay, rng).bytes, rng),
    }
}

/// A good request that is cut off, or has bytes changed in its head.
fn spoiled(mut bytes: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    if rng.bool() {
        bytes.truncate(rng.usize(..bytes.len()));
        return bytes;
    }
    let end = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or(bytes.len());
    for _ in 0..rng.usize(1..=3) {
        bytes[rng.usize(..end)] = rng.u8(..);
    }
    bytes
}

/// Sends it, and waits for the end of the connection. Gives whether there was any answer; or says what is wrong.
pub fn send(address: &str, bytes: &[u8]) -> Result<bool, String> {
    let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    // The server may end the connection while it is still being written to.
    let _ended = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut received = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => received.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Err("the connection hangs".to_owned());
            }
            Err(_) => break,
        }
    }
    if received.starts_with(b"HTTP/1.1 5") || received.starts_with(b"HTTP/1.0 5") {
        return Err(received[..received.len().min(2_000)].escape_ascii().to_string());
    }
    Ok(!received.is_empty())
}
