//! What a body may cost: the key in a header is looked up before a body is parsed, and fields have a number.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use keyseal::Rate;
use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer, send_raw};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data; boundary=XX";
/// More than is parsed on the threads that answer.
const LARGE: usize = 100_000;

/// Posts a body with an API key in a header, or without one.
fn post(server: &TestServer, endpoint: &str, api_key: Option<&str>, kind: &str, body: &[u8]) -> Answer {
    let key = api_key.map(|key| format!("X-API-Key: {key}\r\n")).unwrap_or_default();
    let head = format!(
        "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: x\r\n{key}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (status, body) = send_raw(server.address(), &[head.as_bytes(), body].concat(), false);
    server.answer(status, &body)
}

/// Bodies that can't be read: small and large ones.
fn unreadable() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let kinds =
        [(FORM, &b"a=%ff&"[..]), (JSON, b"{\"a\":"), (MULTIPART, b"nothing of the kind"), (JSON, b"[1]")];
    kinds.into_iter().flat_map(|(kind, text)| {
        let large = [text, &vec![b' '; LARGE]].concat();
        [(kind, text.to_vec()), (kind, large)]
    })
}

#[test]
fn a_wrong_key_in_a_header_is_refused_before_the_body_is_parsed() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let elsewhere = server.add_api_key(&["--capability", "*", "--allow-ip", "192.0.2.7"]);
    let few = server.add_api_key(&["--capability", "get-all-products"]);
    for (kind, body) in unreadable() {
        for (api_key, code) in [("unknown", 100), (&elsewhere, 103), (&few, 102), (&server.api_key, 1902)] {
            let answer = post(&server, "verify", Some(api_key), kind, &body);
            assert_eq!(answer.code, code, "{kind}, {} bytes, {api_key}", body.len());
        }
        // Without a key in a header the fields have to be read.
        assert_eq!(post(&server, "verify", None, kind, &body).code, 1902);
    }
    server.command(&["block", "add", "--ip", "127.0.0.1"]);
    for (kind, body) in unreadable() {
        for api_key in [Some("unknown"), Some(server.api_key.as_str()), None] {
            assert_eq!(post(&server, "verify", api_key, kind, &body).code, 150, "{kind}");
        }
    }
}

#[test]
fn a_wrong_key_before_a_large_body_is_a_guess() {
    let rate = Rate { burst: NonZeroU32::new(2).unwrap(), every: Duration::from_hours(1) };
    let server = TestServer::start_with(|config| config.limits.rates.guesses = Some(rate));
    let body = vec![b'x'; LARGE];
    let codes = [(); 4].map(|()| post(&server, "verify", Some("unknown"), FORM, &body).code);
    assert_eq!(codes, [100, 100, 1929, 1929]);
}

#[test]
fn large_bodies_are_read_in_every_format() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let padding = "x".repeat(LARGE);
    let part = |name: &str, text: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let fields = |license_key: &str, api_key: &str| {
        let values = [
            ("license_key", license_key),
            ("identifier", "domain.ltd"),
            ("api_key", api_key),
            ("padding", &padding),
        ];
        let object: Value = values.iter().map(|(name, value)| (*name, *value)).collect();
        let form = values.map(|(name, value)| format!("{name}={value}")).join("&");
        let parts: String = values.iter().map(|(name, value)| part(name, value)).collect();
        [(FORM, form), (JSON, object.to_string()), (MULTIPART, parts + "--XX--\r\n")]
    };
    let read = |api_key: Option<&str>, license_key: &str, of_field: &str| {
        fields(license_key, of_field)
            .map(|(kind, body)| post(&server, "verify", api_key, kind, body.as_bytes()).code)
    };
    let key = server.api_key.as_str();
    assert_eq!(read(Some(key), "KEY-1", "ignored"), [200; 3]);
    assert_eq!(read(None, "KEY-1", key), [200; 3]);
    assert_eq!(read(None, "KEY-2", key), [210; 3]);
    assert_eq!(read(None, "KEY-1", "unknown"), [100; 3]);
}

/// Asserts that a body is refused for its number of values, and fast.
fn assert_too_many(server: &TestServer, kind: &str, body: &[u8]) {
    let sent = Instant::now();
    let answer = post(server, "verify", Some(&server.api_key), kind, body);
    assert!(sent.elapsed() < Duration::from_secs(1), "{:?}", sent.elapsed());
    assert_eq!((answer.status, answer.code), (413, 1913), "{kind}");
    let reason = "body: more than 1000 fields or values, or too many in a list of licenses";
    assert_eq!(answer.fields["reason"], reason, "{kind}");
}

#[test]
fn a_thousand_fields_are_read_and_one_more_is_refused_with_the_reason() {
    let server = TestServer::start();
    let form = |count: usize| (0..count).map(|number| format!("f{number}=1&")).collect::<Vec<_>>().concat();
    let part = |number| format!("--XX\r\nContent-Disposition: form-data; name=\"f{number}\"\r\n\r\n1\r\n");
    let multipart = |count: usize| (0..count).map(part).collect::<String>() + "--XX--\r\n";
    let json = |count: usize| json!({ "f": vec![0; count - 1] }).to_string();
    for (kind, body) in [(FORM, form(1_000)), (MULTIPART, multipart(1_000)), (JSON, json(1_000))] {
        let answer = post(&server, "verify", Some(&server.api_key), kind, body.as_bytes());
        assert_eq!(answer.code, 210, "{kind}");
    }
    for (kind, body) in [
        (FORM, form(1_001)),
        (MULTIPART, multipart(1_001)),
        (JSON, json(1_001)),
        (FORM, "0&1&2".repeat(200_000)),
        (JSON, format!("{{\"a\":[{}0]}}", "{\"\":0},".repeat(140_000))),
        (JSON, format!("{{\"license_keys\":[{}0]}}", "{\"\":0},".repeat(140_000))),
        (JSON, format!("{{\"licenses\":[{}0]}}", "0,".repeat(500_000))),
    ] {
        assert_too_many(&server, kind, body.as_bytes());
    }
    let query = format!("verify?{}", form(1_001));
    let answer = post(&server, &query, Some(&server.api_key), FORM, b"");
    assert_eq!(answer.code, 1913);
    assert!(answer.fields["reason"].as_str().unwrap().starts_with("query string: "));
}

#[test]
fn lists_of_licenses_have_their_own_limit() {
    let server = TestServer::start();
    let keys: Vec<String> = (0..10_000).map(|number| format!("KEY-{number}")).collect();
    let more = [keys.as_slice(), &["MORE".to_owned()]].concat();
    for (license_keys, code) in [(more, 901), (keys, 900)] {
        let fields = json!({
            "product_id": 1, "activation_limit": 1, "validity": 0, "status": "available", "license_keys": license_keys,
        });
        assert_eq!(server.post_json("create-license-keys", &fields).code, code);
    }
}
