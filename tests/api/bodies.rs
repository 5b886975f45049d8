//! The ways to send fields, and what becomes of a body that can't be read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{License, TestServer, meta_fields, send_raw};

const CREATE: &str = "create-license-key-meta";

fn server() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License::default());
    server
}

fn multipart(parts: &[(&str, &str)]) -> String {
    let part = |(head, text): &(&str, &str)| {
        format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    parts.iter().map(part).collect::<String>() + "--XX--\r\n"
}

#[test]
fn form_multipart_json_and_query_say_the_same() {
    let server = server();
    let form = "license_key=KEY-1&identifier=domain.ltd&value=green&key=";
    assert_eq!(
        server.post_body(CREATE, "application/x-www-form-urlencoded", format!("{form}a").as_bytes()).code,
        453
    );
    assert_eq!(server.post_body(&format!("{CREATE}?{form}b"), "text/anything", b"").code, 453);
    let body = multipart(&[
        ("name=\"license_key\"", "KEY-1"),
        ("name=\"identifier\"", "domain.ltd"),
        ("name=\"key\"", "c"),
        ("name=\"value\"", "green\r\nand blue"),
        ("name=\"value\"; filename=\"x.txt\"", "a file is no field"),
    ]);
    assert_eq!(server.post_body(CREATE, "multipart/form-data; boundary=XX", body.as_bytes()).code, 453);
    let mut fields = meta_fields();
    fields["key"] = "d".into();
    assert_eq!(
        server.post_body(CREATE, "Application/JSON; charset=utf-8", fields.to_string().as_bytes()).code,
        453
    );
    assert_eq!(server.post_json(CREATE, &fields).code, 452);
}

#[test]
fn json_may_come_in_chunks() {
    let server = server();
    let fields = meta_fields().to_string();
    let (first, second) = fields.split_at(20);
    let request = format!(
        "POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        server.api_key,
        first.len(),
        second.len()
    );
    let (status, body) = send_raw(server.address(), request.as_bytes(), false);
    assert_eq!(server.answer(status, &body).code, 453);
}

#[test]
fn json_values_of_any_type_are_taken_where_text_of_any_kind_is() {
    let server = server();
    server.add_license(&License { key: "12345", identifiers: &["7"], ..License::default() });
    for (number, value) in
        [json!(1), json!(true), json!(1.5), json!([1, 2]), json!({ "a": null })].iter().enumerate()
    {
        let fields = json!({ "license_key": 12345, "identifier": 7, "key": number, "value": value });
        assert_eq!(server.post_json(CREATE, &fields).code, 453, "{value}");
    }
}

#[test]
fn lists_and_objects_are_no_text() {
    let server = server();
    for odd in [json!(["KEY-1"]), json!({ "license_key": "KEY-1" }), json!(null)] {
        for (field, code) in [("license_key", 210), ("identifier", 215), ("key", 450)] {
            let mut fields = meta_fields();
            fields[field] = odd.clone();
            assert_eq!(server.post_json(CREATE, &fields).code, code);
        }
    }
    assert_eq!(server.post(CREATE, &[("license_key[]", "KEY-1")]).code, 210);
}

#[test]
fn the_body_wins_over_the_query_and_the_last_duplicate_over_the_first() {
    let server = server();
    let path = format!("{CREATE}?license_key=NOBODY&identifier=nowhere&key=color");
    let body = "license_key=NOBODY&license_key=KEY-1&identifier=domain.ltd&value=green";
    assert_eq!(server.post_body(&path, "application/x-www-form-urlencoded", body.as_bytes()).code, 453);
    let twice = concat!(
        r#"{"license_key":"NOBODY","license_key":"KEY-1","identifier":"domain.ltd","#,
        r#""key":"color","value":"x"}"#
    );
    assert_eq!(server.post_body(CREATE, "application/json", twice.as_bytes()).code, 452);
}

#[test]
fn aliases_stand_for_the_names_of_the_contract() {
    let server = server();
    for (number, identifier) in
        ["hardwareId", "hardware_id", "hwid", "domain", "server_domain"].iter().enumerate()
    {
        let fields = json!({
            "license_key": "KEY-1", *identifier: "domain.ltd", "meta_key": number, "meta_value": "v", "os": "linux",
        });
        assert_eq!(server.post_json(CREATE, &fields).code, 453, "{identifier}");
    }
    let both = json!({ "license_key": "KEY-1", "identifier": "elsewhere", "domain": "domain.ltd" });
    assert_eq!(server.post_json(CREATE, &both).code, 202);
}

#[test]
fn an_empty_body_is_no_error() {
    let server = server();
    assert_eq!(server.post_body(CREATE, "application/json", b"[]").code, 210);
    for kind in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
    {
        assert_eq!(server.post_body(CREATE, kind, b"").code, 210, "{kind}");
    }
}

#[test]
fn an_unreadable_body_is_a_signed_400_and_writes_nothing() {
    let server = server();
    let deep = format!("{{\"value\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let unclosed = "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nx";
    let nameless = multipart(&[("filename=x", "y"), ("nothing", "y")]);
    let form = "application/x-www-form-urlencoded";
    for (kind, body) in [
        (form, b"license_key=%ff".as_slice()),
        (form, b"license_key=\xc3\x28"),
        ("application/json", b"{\"license_key\":\"\xff\"}"),
        ("application/json", b"{\"license_key\":\"KEY-1\""),
        ("application/json", b"[1]"),
        ("application/json", b"\"KEY-1\""),
        ("application/json", b"{\"a\":\"\\ud800\"}"),
        ("application/json", deep.as_bytes()),
        ("multipart/form-data", b"--XX--"),
        ("multipart/form-data; boundary=XX", b"nothing of the kind"),
        ("multipart/form-data; boundary=XX", unclosed.as_bytes()),
        ("multipart/form-data; boundary=XX", nameless.as_bytes()),
        (
            "multipart/form-data; boundary=XX",
            b"--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n\xff\r\n--XX--\r\n",
        ),
    ] {
        let answer = server.post_body(CREATE, kind, body);
        let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(found, (400, 1902, "Unreadable request body", "global"), "{kind} {shown}");
    }
    let (query, json) = (format!("{CREATE}?license_key=%ff"), "application/json");
    for (path, kind, body, reason) in [
        (query.as_str(), form, "", "query string: not valid UTF-8 once it is percent-decoded"),
        (&query, json, "{}", "query string: not valid UTF-8 once it is percent-decoded"),
        (CREATE, form, "license_key=%ff", "body: not valid UTF-8 once it is percent-decoded"),
        (CREATE, form, "{\"license_key\":\"KEY-1\"", "body: not valid JSON in UTF-8"),
        (CREATE, json, "[1]", "body: JSON, but no object"),
        (CREATE, "multipart/form-data", "--XX--", "body: not valid multipart/form-data with this boundary"),
    ] {
        let answer = server.post_body(path, kind, body.as_bytes());
        assert_eq!((answer.status, answer.code), (400, 1902), "{reason}");
        assert_eq!(answer.fields["reason"], reason);
    }
    assert_eq!(server.post_json(CREATE, &meta_fields()).fields["meta_id"], 1);
}

#[test]
fn an_unknown_content_type_is_a_signed_415() {
    let server = server();
    for kind in ["text/plain", "application/xml", "application/octet-stream", "nonsense", "image/png"] {
        let answer = server.post_body(CREATE, kind, b"license_key=KEY-1");
        assert_eq!(
            (answer.status, answer.code, answer.message.as_str()),
            (415, 1915, "Unsupported media type")
        );
        assert!(answer.fields["reason"].as_str().unwrap().starts_with("Content-Type: send "));
    }
}

#[test]
fn json_is_read_however_it_is_declared() {
    let server = server();
    let fields = meta_fields().to_string();
    let marked = format!("\u{feff}{fields}");
    for (number, (kind, body)) in [
        ("application/x-www-form-urlencoded", &fields),
        ("text/plain;charset=UTF-8", &fields),
        ("application/x-www-form-urlencoded", &marked),
        ("application/json", &marked),
        ("text/json", &fields),
        ("application/vnd.api+json", &fields),
    ]
    .into_iter()
    .enumerate()
    {
        let expected = if number == 0 { 453 } else { 452 };
        assert_eq!(server.post_body(CREATE, kind, body.as_bytes()).code, expected, "{kind}");
    }
    let key = &server.api_key;
    let request = |headers: &str, body: &str| {
        let length = body.len();
        format!("POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
    };
    let with_key = fields.replacen('{', &format!("{{\"api_key\":\"{key}\","), 1);
    let (status, body) = send_raw(server.address(), request("", &with_key).as_bytes(), false);
    assert_eq!(server.answer(status, &body).code, 452);
}

#[test]
fn a_compressed_body_is_a_signed_415_that_says_so() {
    let server = server();
    let (key, fields) = (&server.api_key, meta_fields().to_string());
    for (encoding, expected) in [("gzip", 1915), ("br", 1915), ("identity, deflate", 1915), ("identity", 453)]
    {
        let request = format!(
            "POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n\
             Content-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n{fields}",
            fields.len()
        );
        let (status, body) = send_raw(server.address(), request.as_bytes(), false);
        let answer = server.answer(status, &body);
        assert_eq!(answer.code, expected, "{encoding}");
        if expected == 1915 {
            assert_eq!(answer.fields["reason"], "Content-Encoding: send the body uncompressed");
        }
    }
}

#[test]
fn a_large_body_is_a_signed_413() {
    let server = server();
    for size in [1024 * 1024 + 1, 10 * 1024 * 1024] {
        for kind in
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=XX"]
        {
            let answer = server.post_body(CREATE, kind, &vec![b'x'; size]);
            assert_eq!(
                (answer.status, answer.code, answer.message.as_str()),
                (413, 1913, "Payload too large")
            );
            assert!(answer.fields.is_empty());
        }
    }
    let mut body = b"value=".to_vec();
    body.resize(1024 * 1024, b'x');
    assert_eq!(server.post_body(CREATE, "application/x-www-form-urlencoded", &body).code, 210);
}

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
