//! Bodies that end too early, too late or never.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{CREATE, server};
use crate::support::{TestServer, send_raw};

#[test]
fn a_body_shorter_than_announced_is_refused_when_its_time_is_up() {
    let server = TestServer::start_with(|config| config.limits.body_timeout = Duration::from_millis(200));
    let request = format!(
        "POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{}}"
    );
    let (status, body) = send_raw(server.address(), request.as_bytes(), false);
    let answer = server.answer(status, &body);
    assert_eq!((answer.status, answer.code, answer.message.as_str()), (408, 1908, "Request timeout"));
}

#[test]
fn a_body_longer_than_announced_is_read_as_far_as_announced() {
    let server = server();
    let request = format!(
        "POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\n\r\n{{}}{{}}{{}}\r\n\r\n",
        server.api_key
    );
    let (status, body) = send_raw(server.address(), request.as_bytes(), false);
    assert_eq!(server.answer(status, &body).code, 210);
}

#[test]
fn a_connection_whose_body_never_ends_is_closed() {
    let server = TestServer::start_with(|config| config.limits.body_timeout = Duration::from_millis(200));
    let stalled = "Host: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc";
    for line in [
        "POST /v1/verify",
        "POST /v1/verify?a=%ff",
        "GET /v1/verify",
        "POST /nowhere",
        "GET /livez",
        "GET /readyz",
    ] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        stream.write_all(format!("{line} HTTP/1.1\r\n{stalled}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .unwrap_or_else(|error| panic!("{line}: {error}, after {answer:?}"));
        assert!(answer.starts_with("HTTP/1.1 "), "{line}: {answer:?}");
    }
}

#[test]
fn who_asks_for_another_protocol_is_answered_at_once_in_this_one() {
    let server = server();
    for headers in ["Connection: upgrade\r\nUpgrade: websocket\r\n", "Upgrade: websocket\r\n", ""] {
        let method = if headers.is_empty() { "CONNECT" } else { "GET" };
        let code = if headers.is_empty() { 1905 } else { 810 };
        let request = format!(
            "{method} /api/v1/get-all-products?api_key={} HTTP/1.1\r\nHost: x\r\n{headers}\r\nwhatever comes then",
            server.api_key
        );
        let (status, body) = send_raw(server.address(), request.as_bytes(), false);
        assert_eq!(server.answer(status, &body).code, code, "{headers}");
    }
}

/// Connections from one address, each with 20 KB of a longer body, and then silent.
fn silent(server: &TestServer, count: usize) -> Vec<TcpStream> {
    let head = format!(
        "POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Type: application/json\r\n\
         Content-Length: 500000\r\n\r\n"
    );
    let request = [head.as_bytes(), " ".repeat(20_000).as_bytes()].concat();
    let connect = |_| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(&request).unwrap();
        stream
    };
    (0..count).map(connect).collect()
}

#[test]
fn slow_large_bodies_from_one_address_hold_up_no_other() {
    let server = TestServer::start_with(|config| {
        config.limits.body_timeout = Duration::from_mins(1);
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let mut senders = silent(&server, 18);
    let began = Instant::now();
    let large = "x".repeat(45_000);
    let fields = [("api_key", server.api_key.as_str()), ("value", large.as_str())];
    assert_eq!(server.post_with_headers(CREATE, &[("X-Forwarded-For", "192.0.2.2")], &fields).code, 210);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // Those that are held in memory are refused long before their time is up, and closed.
    let mut answer = String::new();
    senders[0].read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":1908,"), "{answer}");
}
