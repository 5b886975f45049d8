//! Several requests on one connection, the next one sent before the last is answered.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::TestServer;

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
            let (head, _) = take("HEAD", &mut received);
            assert!(head.contains("connection: close") || head.starts_with("HTTP/1.0"), "{head}");
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
