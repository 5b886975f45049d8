//! The gate: who may call, from where, for what (API §2.2).

use crate::support::{Answer, License, TestServer};

fn call(server: &TestServer, api_key: &str) -> Answer {
    server.post_form("/api/v1/create-license-key-meta", &[("api_key", api_key)])
}

fn expect(answer: &Answer, code: i64, message: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, "global"));
    assert!(answer.fields.is_empty());
}

const NO_CAPABILITY: &str = "The used API key doesn't have the required capability to access this endpoint";

#[test]
fn an_api_key_is_refused_before_any_parameter_is_looked_at() {
    let server = TestServer::start();
    let inactive = server.add_api_key(&["--capability", "*", "--inactive"]);
    let elsewhere = server.add_api_key(&["--capability", "*", "--allow-ip", "203.0.113.0/24"]);
    let other = server.add_api_key(&["--capability", "verify", "--capability", "client"]);
    let none = server.add_api_key(&[]);
    expect(&call(&server, ""), 100, "Invalid API Key");
    expect(&call(&server, "unknown"), 100, "Invalid API Key");
    expect(&call(&server, &inactive), 101, "Inactive API Key");
    expect(&call(&server, &elsewhere), 103, "API key can't be used from this IP address");
    expect(&call(&server, &other), 102, NO_CAPABILITY);
    expect(&call(&server, &none), 102, NO_CAPABILITY);
    expect(&call(&server, &server.api_key), 210, "Invalid license key");
}

#[test]
fn inactive_comes_before_the_address_comes_before_the_capability() {
    let server = TestServer::start();
    let all_wrong = server.add_api_key(&["--inactive", "--allow-ip", "203.0.113.7"]);
    assert_eq!(call(&server, &all_wrong).code, 101);
    assert_eq!(call(&server, &server.add_api_key(&["--allow-ip", "203.0.113.7"])).code, 103);
}

#[test]
fn a_blocked_address_is_denied_whatever_its_key() {
    let server = TestServer::start();
    server.command(&["block", "add", "--ip", "127.0.0.0/8"]);
    expect(&call(&server, "unknown"), 150, "Access denied");
    expect(&call(&server, &server.api_key), 150, "Access denied");
}

#[test]
fn a_blocked_identifier_or_domain_is_denied_after_the_key() {
    let server = TestServer::start();
    server.command(&["block", "add", "--domain", "pirate.example"]);
    server.command(&["block", "add", "--identifier", "HWID-1"]);
    for identifier in ["pirate.example", "https://shop.PIRATE.example:8443/x", " hwid-1 "] {
        for field in ["identifier", "hardwareId"] {
            let fields = [("license_key", "NOBODY"), (field, identifier)];
            let answer = server.post("create-license-key-meta", &fields);
            expect(&answer, 150, "Access denied");
            let fields = [("api_key", "unknown"), (field, identifier)];
            assert_eq!(server.post_form("/api/v1/create-license-key-meta", &fields).code, 100);
        }
    }
}

#[test]
fn a_change_counts_from_the_next_request_on() {
    let server = TestServer::start();
    let key = server.add_api_key(&["--capability", "*"]);
    assert_eq!(call(&server, &key).code, 210);
    server.command(&["api-key", "disable", "2"]);
    assert_eq!(call(&server, &key).code, 101);
    server.command(&["api-key", "enable", "2"]);
    assert_eq!(call(&server, &key).code, 210);
    let block = server.command(&["block", "add", "--ip", "127.0.0.1"])["id"].to_string();
    assert_eq!(call(&server, &key).code, 150);
    server.command(&["block", "remove", &block]);
    assert_eq!(call(&server, &key).code, 210);
    server.command(&["api-key", "delete", "2"]);
    assert_eq!(call(&server, &key).code, 100);
}

#[test]
fn the_key_is_taken_from_bearer_then_header_then_field() {
    let server = TestServer::start();
    let good = server.api_key.clone();
    let bearer = format!("Bearer {good}");
    let code = |headers: &[(&str, &str)], fields: &[(&str, &str)]| {
        server.post_with_headers("create-license-key-meta", headers, fields).code
    };
    assert_eq!(code(&[("Authorization", &bearer)], &[]), 210);
    assert_eq!(code(&[("X-API-Key", &good)], &[]), 210);
    assert_eq!(code(&[("Authorization", &bearer), ("X-API-Key", "bad")], &[("api_key", "bad")]), 210);
    assert_eq!(code(&[("X-API-Key", &good)], &[("api_key", "bad")]), 210);
    assert_eq!(code(&[("X-API-Key", "bad")], &[("api_key", &good)]), 100);
    assert_eq!(code(&[("Authorization", "Bearer "), ("X-API-Key", "")], &[("api_key", &good)]), 210);
}

#[test]
fn only_a_trusted_proxy_speaks_for_another_address() {
    let trusting = TestServer::start_with(|config| {
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let forwarded = [("X-Forwarded-For", "1.2.3.4, 203.0.113.9:4711")];
    for (server, code) in [(&trusting, 150), (&TestServer::start(), 210)] {
        server.command(&["block", "add", "--ip", "203.0.113.9"]);
        let fields = [("api_key", server.api_key.as_str())];
        assert_eq!(server.post_with_headers("create-license-key-meta", &forwarded, &fields).code, code);
    }
}

#[test]
fn documented_statuses_are_the_originals() {
    let server = TestServer::start_with(|config| config.http.status = keyseal::HttpStatus::Documented);
    server.add_license(&License::default());
    let inactive = server.add_api_key(&["--inactive"]);
    for (api_key, code) in [("unknown", 100), (&inactive, 101), (&server.add_api_key(&[]), 102)] {
        let answer = call(&server, api_key);
        assert_eq!((answer.status, answer.code), (401, code));
    }
    assert_eq!(call(&server, &server.api_key).status, 200);
    server.command(&["block", "add", "--ip", "127.0.0.1"]);
    assert_eq!(call(&server, &server.api_key).status, 403);
}

#[test]
fn a_blocked_domain_is_denied_beside_a_device_that_is_not() {
    let server = TestServer::start();
    server.command(&["block", "add", "--domain", "pirate.example"]);
    let fields = [("license_key", "NOBODY"), ("hardwareId", "device"), ("domain", "www.pirate.example")];
    assert_eq!(server.post("verify", &fields).code, 150);
}
