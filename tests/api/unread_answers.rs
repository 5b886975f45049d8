//! Large answers that their clients don't read: they take so much memory and no more, of each address and of all
//! together, and other answers are not touched.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use keyseal_test_support::RawAnswer;

use crate::support::{License, TestServer};

/// A server behind a proxy, so that a test can come from many addresses, with a license of a mebibyte.
fn start() -> TestServer {
    let server = TestServer::start_with(|config| {
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    server.add_license(&License::default());
    let value = "x".repeat(63 * 1024);
    for number in 0..16 {
        let key = format!("k{number}");
        let fields = [
            ("license_key", "KEY-1"),
            ("identifier", "domain.ltd"),
            ("key", key.as_str()),
            ("value", &value),
        ];
        assert_eq!(server.post("create-license-key-meta", &fields).code, 453);
    }
    server
}

/// Requests the details of the license, and reads the head of the answer and nothing after it. Gives its status.
fn request(server: &TestServer, from: Option<&str>) -> (TcpStream, String) {
    let forwarded = from.map(|from| format!("X-Forwarded-For: {from}\r\n")).unwrap_or_default();
    let body = "license_key=KEY-1&identifier=domain.ltd";
    let request = format!(
        "POST /api/v1/get-license-key-details HTTP/1.1\r\nHost: x\r\n{forwarded}X-API-Key: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        server.api_key,
        body.len()
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    (stream, String::from_utf8(status.to_vec()).unwrap())
}

/// How many of so many requests get their answer.
fn answered(server: &TestServer, from: &str, number: usize, unread: &mut Vec<TcpStream>) -> usize {
    let requests = (0..number).filter(|_| {
        let (stream, status) = request(server, Some(from));
        if status == "HTTP/1.1 200" {
            unread.push(stream);
            return true;
        }
        assert_eq!(status, "HTTP/1.1 503");
        false
    });
    requests.count()
}

#[test]
fn an_address_holds_its_share_of_the_memory_for_answers_and_all_hold_the_whole() {
    let server = start();
    let mut unread = Vec::new();
    // Each answer takes 2.3 MiB, and twice as much while it is signed. An address has eight.
    assert_eq!(answered(&server, "192.0.2.1", 4, &mut unread), 2);
    let answer = server.post_with_headers(
        "get-license-key-details",
        &[("X-Forwarded-For", "192.0.2.1")],
        &[("api_key", &server.api_key), ("license_key", "KEY-1"), ("identifier", "domain.ltd")],
    );
    assert_eq!((answer.status, answer.code, answer.signer.as_str()), (503, 1901, "global"));
    // Small answers have nothing to do with it.
    let verify = |from: &str| {
        let fields =
            [("api_key", server.api_key.as_str()), ("license_key", "KEY-1"), ("identifier", "domain.ltd")];
        server.post_with_headers("verify", &[("X-Forwarded-For", from)], &fields).code
    };
    assert_eq!(verify("192.0.2.1"), 200);
    let others: usize =
        (2..6).map(|host| answered(&server, &format!("192.0.2.{host}"), 3, &mut unread)).sum();
    assert_eq!(others + 2, 5, "of 16 MiB");
    assert_eq!((verify("192.0.2.1"), verify("192.0.2.9")), (200, 200));
    // What is read makes room.
    let mut stream = unread.swap_remove(0);
    let (mut received, mut chunk) = (b"HTTP/1.1 200".to_vec(), vec![0; 64 * 1024]);
    let whole = loop {
        if let Some(answer) = RawAnswer::take(&mut received, false).unwrap() {
            break answer;
        }
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0);
        received.extend_from_slice(&chunk[..read]);
    };
    assert_eq!(server.answer(200, std::str::from_utf8(&whole.body).unwrap()).code, 500);
    assert_eq!(answered(&server, "192.0.2.1", 1, &mut unread), 1);
    // A connection that ends makes room too.
    drop(unread);
    let again = (0..1_000).any(|_| request(&server, Some("192.0.2.1")).1 == "HTTP/1.1 200");
    assert!(again);
}

#[test]
fn a_trusted_proxy_has_no_share_of_its_own() {
    let server = start();
    let held: Vec<_> = (0..4).map(|_| request(&server, None)).collect();
    assert!(held.iter().all(|(_, status)| status == "HTTP/1.1 200"));
}

#[test]
fn a_change_gets_its_answer_whatever_memory_others_hold() {
    let server = start();
    let mut unread = Vec::new();
    for host in 1..6 {
        answered(&server, &format!("192.0.2.{host}"), 4, &mut unread);
    }
    server.command(&["generator", "create", "--method", "uuid", "--product", "1", "--activation-limit", "1"]);
    let answer = server.post("generate", &[("generator_id", "1"), ("quantity", "1000")]);
    assert_eq!((answer.status, answer.fields["licenseKeys"].as_array().map(Vec::len)), (200, Some(1_000)));
    assert_eq!(answered(&server, "192.0.2.200", 1, &mut unread), 0);
}
