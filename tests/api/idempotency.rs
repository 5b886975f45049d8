//! `Idempotency-Key`: the answer to the first request is the answer to all that repeat it.

use std::thread;

use crate::support::{Answer, License, TestServer};

fn activate(server: &TestServer, repeat_key: &str, identifier: &str) -> Answer {
    let fields = [("api_key", server.api_key.as_str()), ("license_key", "KEY-1"), ("identifier", identifier)];
    server.post_with_headers("activate", &[("Idempotency-Key", repeat_key)], &fields)
}

fn server() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License { activation_limit: 2, identifiers: &[], ..License::default() });
    server
}

#[test]
fn a_repeated_request_gets_the_very_bytes_of_the_first() {
    let mut server = server();
    let first = activate(&server, "a", "one.ltd");
    assert_eq!((first.code, first.signer.as_str()), (300, "product"));
    assert_eq!(activate(&server, "a", "one.ltd").body, first.body);
    server.restart();
    assert_eq!(activate(&server, "a", "one.ltd").body, first.body);
    // Another key, or none, is another request.
    assert_eq!(activate(&server, "b", "one.ltd").code, 301);
    assert_eq!(server.post("activate", &[("license_key", "KEY-1"), ("identifier", "one.ltd")]).code, 301);
}

#[test]
fn the_same_key_with_another_payload_or_caller_is_another_request() {
    let server = server();
    assert_eq!(activate(&server, "a", "one.ltd").code, 300);
    assert_eq!(activate(&server, "a", "two.ltd").code, 300);
    let other = server.add_api_key(&["--capability", "*"]);
    let fields = [("api_key", other.as_str()), ("license_key", "KEY-1"), ("identifier", "one.ltd")];
    assert_eq!(server.post_with_headers("activate", &[("Idempotency-Key", "a")], &fields).code, 301);
}

#[test]
fn the_same_request_in_another_encoding_is_the_same_request() {
    let server = server();
    let first = activate(&server, "a", "one.ltd");
    let bearer = format!("Bearer {}", server.api_key);
    let headers = [("Idempotency-Key", "a"), ("Authorization", bearer.as_str())];
    let again = server.post_with_headers(
        "activate",
        &headers,
        &[("identifier", "one.ltd"), ("license_key", "KEY-1")],
    );
    assert_eq!(again.body, first.body);
}

#[test]
fn thirty_two_at_once_have_one_effect_and_one_answer() {
    let server = server();
    let answers: Vec<Answer> = thread::scope(|scope| {
        let racers: Vec<_> = (0..32).map(|_| scope.spawn(|| activate(&server, "race", "one.ltd"))).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(answers[0].code, 300);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(activate(&server, "next", "two.ltd").code, 300);
    assert_eq!(activate(&server, "last", "three.ltd").code, 302);
}

#[test]
fn a_refusal_is_not_kept() {
    let server = server();
    let fields = [("api_key", server.api_key.as_str()), ("license_key", "LATER"), ("identifier", "one.ltd")];
    let repeat = [("Idempotency-Key", "a")];
    assert_eq!(server.post_with_headers("activate", &repeat, &fields).code, 210);
    server.add_license(&License { key: "LATER", identifiers: &[], ..License::default() });
    assert_eq!(server.post_with_headers("activate", &repeat, &fields).code, 300);
}

#[test]
fn a_key_too_long_to_be_one_is_refused_by_name() {
    let server = server();
    let answer = activate(&server, &"x".repeat(256), "one.ltd");
    assert_eq!((answer.code, &answer.fields["field"]), (1913, &"Idempotency-Key".into()));
    assert_eq!(activate(&server, &"x".repeat(255), "one.ltd").code, 300);
}
