//! `assign-license-key` and `assign-and-activate-license-key`.

use crate::support::{Answer, License, TestServer};

fn server() -> TestServer {
    let server = TestServer::start();
    for (key, status) in [
        ("AVAILABLE", "available"),
        ("RESERVED", "reserved"),
        ("ASSIGNED", "assigned"),
        ("BLOCKED", "blocked"),
    ] {
        server.add_license(&License { key, status, identifiers: &[], validity: 30, ..License::default() });
    }
    server
}

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer));
}

fn license(server: &TestServer, key: &str) -> serde_json::Value {
    let list = server.command(&["license", "list"]);
    list.as_array().unwrap().iter().find(|license| license["license_key"] == key).unwrap().clone()
}

#[test]
fn a_key_in_the_pool_or_held_back_goes_to_its_owner_from_now_on() {
    let server = server();
    for (key, email_field) in [("AVAILABLE", "email"), ("RESERVED", "customer_email")] {
        let fields = [("license_key", key), ("owner_name", " Jane "), (email_field, "jane@example.com")];
        let answer = server.post("assign-license-key", &fields);
        expect(&answer, 800, "License key assigned", "global");
        let license = license(&server, key);
        assert_eq!((&license["status"], &license["owner_name"]), (&"assigned".into(), &"Jane".into()));
        assert_eq!(license["owner_email"], "jane@example.com");
        assert_ne!(license["assigned_at"], "2024-02-27 03:05:31");
        expect(
            &server.post("assign-license-key", &fields),
            801,
            "Invalid or already assigned license key",
            "global",
        );
    }
}

#[test]
fn any_other_key_is_not_assigned() {
    let server = server();
    for key in ["", "NOBODY", "ASSIGNED", "BLOCKED"] {
        let answer = server.post("assign-license-key", &[("license_key", key)]);
        expect(&answer, 801, "Invalid or already assigned license key", "global");
    }
    assert_eq!(license(&server, "BLOCKED")["status"], "blocked");
}

#[test]
fn assigning_and_activating_are_one() {
    let server = server();
    let fields = |key| [("license_key", key), ("identifier", "a.ltd"), ("owner_email", "Jane@example.com")];
    expect(
        &server.post("assign-and-activate-license-key", &fields("AVAILABLE")),
        300,
        "License key activated",
        "product",
    );
    assert_eq!(license(&server, "AVAILABLE")["owner_email"], "Jane@example.com");
    // Its owner may come again, with any case and on another identifier; nobody else may.
    let again = [("license_key", "AVAILABLE"), ("identifier", "a.ltd"), ("owner_email", "jane@EXAMPLE.com")];
    expect(
        &server.post("assign-and-activate-license-key", &again),
        301,
        "License key already active",
        "product",
    );
    for email in ["john@example.com", ""] {
        let stranger = [("license_key", "AVAILABLE"), ("identifier", "b.ltd"), ("owner_email", email)];
        let answer = server.post("assign-and-activate-license-key", &stranger);
        expect(&answer, 801, "Invalid or already assigned license key", "global");
    }
    for (key, identifier, code) in
        [("NOBODY", "a", 210), ("RESERVED", "", 215), ("BLOCKED", "a", 204), ("ASSIGNED", "a", 801)]
    {
        let fields = [("license_key", key), ("identifier", identifier), ("owner_email", "jane@example.com")];
        assert_eq!(server.post("assign-and-activate-license-key", &fields).code, code, "{key}");
    }
}

#[test]
fn an_owner_of_an_expired_license_cannot_activate_it() {
    let server = TestServer::start();
    server.command(&[
        "license",
        "create",
        "--product",
        "1",
        "--key",
        "OLD",
        "--status",
        "assigned",
        "--validity",
        "1",
        "--assigned-at",
        "2024-01-01 00:00:00",
        "--owner-email",
        "jane@example.com",
    ]);
    let fields = [("license_key", "OLD"), ("identifier", "a.ltd"), ("owner_email", "jane@example.com")];
    assert_eq!(server.post("assign-and-activate-license-key", &fields).code, 205);
}

#[test]
fn a_refused_activation_leaves_nothing_assigned() {
    let server = TestServer::start();
    server.add_license(&License { status: "available", identifiers: &[], ..License::default() });
    let post_url = format!("http://example.com/{}", "x".repeat(2048));
    let fields = [
        ("license_key", "KEY-1"),
        ("identifier", "new.ltd"),
        ("owner_email", "jane@example.com"),
        ("post_url", &post_url),
    ];
    let answer = server.post("assign-and-activate-license-key", &fields);
    assert_eq!((answer.code, &answer.fields["field"]), (1913, &"post_url".into()));
    let license = license(&server, "KEY-1");
    assert_eq!(
        (&license["status"], &license["owner_email"]),
        (&"available".into(), &serde_json::Value::Null)
    );
}
