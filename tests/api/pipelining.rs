//! Several requests on one connection, the next one sent before the last is answered.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{License, TestServer};

/// Sends all of it at once, and gives all that comes until its last words or the end of the connection.
fn send(server: &TestServer, requests: &str, last_words: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(requests.as_bytes()).unwrap();
    let (mut received, mut chunk) = (Vec::new(), [0; 4096]);
    while !received.ends_with(last_words.as_bytes()) {
        match stream.read(&mut chunk).unwrap() {
            0 => break,
            read => received.extend_from_slice(&chunk[..read]),
        }
    }
    String::from_utf8(received).unwrap()
}

/// Takes one answer from the front, as the client that sent this method does. Gives its head and body.
fn take<'a>(method: &str, received: &mut &'a str) -> (&'a str, &'a str) {
    let (head, rest) = received.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1."), "{received}");
    let length = head.split("content-length: ").nth(1).expect("a length").split("\r\n").next().unwrap();
    let length: usize = if method == "HEAD" { 0 } else { length.parse().unwrap() };
    let (body, rest) = rest.split_at(length);
    *received = rest;
    (head, body)
}

#[test]
fn the_answer_to_a_head_has_no_body_whatever_comes_right_behind_it() {
    let server = TestServer::start();
    for version in ["1.0", "1.1"] {
        for path in
            ["/livez", "/readyz", "/docs", "/api/v1/verify", "/nowhere", "/api/v1/products/x/changelog"]
        {
            let requests = format!(
                "HEAD {path} HTTP/{version}\r\nHost: x\r\n\r\nGET /nowhere/{version} HTTP/1.1\r\nHost: x\r\n\r\n\
                 GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            );
            let all = send(&server, &requests, "\r\n\r\nok\n");
            let mut received = all.as_str();
            take("HEAD", &mut received);
            // An old client gets one answer on a connection.
            if version == "1.0" {
                assert_eq!(received, "", "{path}");
                continue;
            }
            let (_, body) = take("GET", &mut received);
            assert_eq!(server.answer(404, body).code, 1904, "{path}");
            assert_eq!((take("GET", &mut received).1, received), ("ok\n", ""), "{path}");
        }
    }
}

#[test]
fn a_head_tells_the_length_of_what_a_get_would_bring() {
    let server = TestServer::start();
    for path in ["/livez", "/readyz", "/docs", "/openapi.json"] {
        let length = |method| server.fetch(method, path, &[]).headers()["content-length"].clone();
        assert_eq!(length("HEAD"), length("GET"), "{path}");
    }
}

/// A request to verify a license, with a body.
fn verify(server: &TestServer, license_key: &str) -> String {
    let body = format!("api_key={}&license_key={license_key}&identifier=domain.ltd", server.api_key);
    format!(
        "POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const HEAD: &str = "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n";
const LAST: &str = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// Checks the answers to `HEAD`, `verify` and `LAST` requests, in this order: `h`, `v`, `l`.
fn check(server: &TestServer, order: &str, all: &str) {
    let mut received = all;
    for request in order.chars() {
        match request {
            'h' => assert!(take("HEAD", &mut received).0.contains("content-length: 3\r\n"), "{order} {all}"),
            'v' => assert_eq!(server.answer(200, take("POST", &mut received).1).code, 200, "{order}"),
            _ => assert_eq!(take("GET", &mut received).1, "ok\n", "{order}"),
        }
    }
    assert_eq!(received, "", "{order}");
}

#[test]
fn a_head_takes_nothing_from_the_answers_before_and_behind_it() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let post = verify(&server, "KEY-1");
    for order in ["vhl", "vhvl", "hvhvl", "vvhhvvl", "vhhhl", "hhvl", "hvvvvhl"] {
        let requests: String = order
            .chars()
            .map(|request| match request {
                'h' => HEAD,
                'v' => &post,
                _ => LAST,
            })
            .collect();
        for _ in 0..20 {
            check(&server, order, &send(&server, &requests, "\r\n\r\nok\n"));
        }
    }
}

#[test]
fn a_head_takes_nothing_from_others_wherever_the_network_splits_them() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let requests = [&verify(&server, "KEY-1"), HEAD, &verify(&server, "KEY-1"), HEAD, LAST].concat();
    for split in 1..requests.len() {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        for part in [&requests[..split], &requests[split..]] {
            stream.write_all(part.as_bytes()).unwrap();
        }
        let mut received = String::new();
        stream.read_to_string(&mut received).unwrap();
        check(&server, "vhvhl", &received);
    }
}

#[test]
fn a_connection_serves_heads_one_after_the_other() {
    let server = TestServer::start();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    for _ in 0..3 {
        for (method, end) in [("GET", "\r\n\r\nok\n"), ("HEAD", "\r\n\r\n"), ("HEAD", "\r\n\r\n")] {
            let request = format!("{method} /livez HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let (mut received, mut chunk) = (Vec::new(), [0; 4096]);
            while !received.ends_with(end.as_bytes()) {
                let read = stream.read(&mut chunk).unwrap();
                assert!(read > 0, "closed after {received:?}");
                received.extend_from_slice(&chunk[..read]);
            }
        }
    }
}

#[test]
fn a_body_may_hold_the_word_that_begins_a_head() {
    let server = TestServer::start();
    server.add_license(&License::default());
    for repeated in [1, 3, 1_000, 150_000] {
        let padding = "HEAD ".repeat(repeated);
        let body = format!(
            "{{\"x\":\"{padding}\",\"api_key\":\"{}\",\"license_key\":\"KEY-1\",\"identifier\":\"domain.ltd\"}}",
            server.api_key
        );
        let head = "POST /api/v1/verify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let whole = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let chunked =
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let requests = [&whole, HEAD, &chunked, HEAD, &whole, LAST].concat();
        check(&server, "vhvhvl", &send(&server, &requests, "\r\n\r\nok\n"));
    }
}

#[test]
fn hundreds_of_requests_at_once_are_answered_in_order() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let requests = [verify(&server, "KEY-1").repeat(500), LAST.to_owned()].concat();
    check(&server, &["v".repeat(500), "l".to_owned()].concat(), &send(&server, &requests, "\r\n\r\nok\n"));
}

#[test]
fn a_connection_ends_when_the_head_of_a_later_request_does_not() {
    let server = TestServer::start();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    // Longer than the server waits.
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let (mut received, mut chunk) = (Vec::new(), [0; 4096]);
    while !received.ends_with(b"\r\n\r\nok\n") {
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0);
        received.extend_from_slice(&chunk[..read]);
    }
    stream.write_all(b"GET /livez HTTP/1.1\r\nHo").unwrap();
    assert_eq!(stream.read(&mut chunk).unwrap(), 0);
}
