//! `update-license-key`.

use serde_json::{Value, json};

use super::{CREATE, UPDATE, expect, keys, license, with};
use crate::support::{License, Receiver, TestServer};

#[test]
fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let server = TestServer::start();
    let owner = json!({ "status": "reserved", "owner_name": "Jane", "owner_email": "jane@example.com" });
    server.post_json(CREATE, &with(keys(&json!(["A"])), &owner));
    let mut expected = license(&server, "A");
    for (change, field, value) in [
        (json!({ "activation_limit": 7 }), "activation_limit", json!(7)),
        (json!({ "activation_limit": "-1" }), "activation_limit", json!(0)),
        (json!({ "validity_days": 365 }), "validity", json!(365)),
        (json!({ "customer_name": "John" }), "owner_name", json!("John")),
        (json!({ "owner_name": "" }), "owner_name", Value::Null),
        (json!({ "customer_email": null }), "owner_email", Value::Null),
        (json!({ "owner_email": "john@example.com" }), "owner_email", json!("john@example.com")),
        (json!({ "status": "blocked" }), "status", json!("blocked")),
        (json!({ "assigned_at": "2024-01-08 00:00:00" }), "assigned_at", json!("2024-01-08 00:00:00")),
        (json!({ "assigned_at": "" }), "assigned_at", json!("2024-01-08 00:00:00")),
        (json!({ "status": "assigned" }), "status", json!("assigned")),
        (json!({ "status": "assigned", "metadata": { "a": 1 } }), "status", json!("assigned")),
        (json!({ "product_uuid": "2" }), "product_id", json!(2)),
        (json!({}), "product_id", json!(2)),
    ] {
        let answer = server.post_json(UPDATE, &with(json!({ "license_key": " a " }), &change));
        let signer = if expected["product_id"] == 2 || value == 2 { "global" } else { "product" };
        expect(&answer, 950, "License keys updated", signer);
        assert!(answer.fields.is_empty());
        let found = license(&server, "A");
        expected[field] = value;
        expected["updated_at"] = found["updated_at"].clone();
        assert_eq!(found, expected);
    }
}

#[test]
fn an_end_is_kept_to_the_second_or_refused_by_name() {
    let server = TestServer::start();
    let assigned = json!({ "status": "assigned", "assigned_at": "2026-01-01 12:00:00", "validity": 30 });
    server.post_json(CREATE, &with(keys(&json!(["A"])), &assigned));
    server.post_json(CREATE, &keys(&json!(["FREE"])));
    for (end, validity, assigned_at) in [
        ("2027-06-30", 545, "2026-01-01 00:00:00"),
        ("2027-06-30T12:00:00+02:00", 546, "2025-12-31 10:00:00"),
        ("2026-01-31 10:00:00", 31, "2025-12-31 10:00:00"),
    ] {
        let answer = server.post(UPDATE, &[("license_key", "A"), ("expires_at", end)]);
        expect(&answer, 950, "License keys updated", "product");
        let license = license(&server, "A");
        assert_eq!(
            (&license["validity"], &license["assigned_at"]),
            (&json!(validity), &json!(assigned_at)),
            "{end}"
        );
    }
    let before = license(&server, "A");
    for (key, fields, field, message) in [
        ("A", &[("expires_at", "soon")][..], "expires_at", "must be a valid date"),
        (
            "A",
            &[("expires_at", "2027-06-30T00:00:00+02:00[Europe/Berlin]")],
            "expires_at",
            "must be a valid date",
        ),
        ("A", &[("expires_at", "")], "expires_at", "field is required"),
        ("A", &[("expires_at", "2020-01-01")], "expires_at", "begins only at 2025-12-31 10:00:00"),
        ("A", &[("expires_at", "2027-06-30"), ("validity", "0")], "expires_at", "never expires"),
        ("A", &[("expires_at", "2027-06-30"), ("validity", "5")], "expires_at", "leave one of them out"),
        ("FREE", &[("expires_at", "2027-06-30")], "expires_at", "give the validity in days"),
        ("A", &[("expiry_date", "2027-06-30")], "expiry_date", "is not known: send expires_at"),
        ("A", &[("valid_until", "2027-06-30")], "valid_until", "is not known: send expires_at"),
        ("A", &[("expires", "2027-06-30")], "expires", "is not known: send expires_at"),
    ] {
        let answer = server.post(UPDATE, &[&[("license_key", key)], fields].concat());
        assert_eq!(answer.code, 951, "{fields:?}");
        let text = answer.fields["errors"][field][0].as_str().unwrap();
        assert!(text.contains(message), "{text}");
    }
    assert_eq!(license(&server, "A"), before);
    let assign = [("license_key", "FREE"), ("status", "assigned"), ("expires_at", "2999-01-01")];
    assert_eq!(server.post(UPDATE, &assign).code, 950);
    let details = license(&server, "FREE");
    assert!(details["assigned_at"].as_str().unwrap().ends_with(" 00:00:00"), "{details}");
}

#[test]
fn new_licenses_take_an_end_and_no_endpoint_ignores_one() {
    let server = TestServer::start();
    let end = json!({ "status": "assigned", "expires_at": "2999-01-01 00:00:00", "validity": null });
    expect(
        &server.post_json(CREATE, &with(keys(&json!(["A"])), &end)),
        900,
        "License keys creation result",
        "product",
    );
    assert!(license(&server, "A")["assigned_at"].as_str().unwrap().ends_with(" 00:00:00"));
    for (fields, field) in [
        (json!({ "expires_at": "2999-01-01" }), "expires_at"),
        (json!({ "expires_at": "never" }), "expires_at"),
        (json!({ "expiration_date": "2999-01-01" }), "expiration_date"),
    ] {
        let answer = server.post_json(CREATE, &with(keys(&json!(["B"])), &fields));
        assert_eq!(answer.code, 901, "{fields}");
        assert!(answer.fields["errors"][field][0].is_string(), "{fields}");
    }
    let order = json!({ "licenses": [{ "product_id": 1, "expires_at": "2999-01-01" }] });
    assert_eq!(server.post_json(CREATE, &order).code, 901);
    for endpoint in [
        "assign-license-key",
        "assign-and-activate-license-key",
        "random-assign-license-keys",
        "random-assign-license-keys-queued",
        "contracts/generate",
    ] {
        for field in ["expires_at", "valid_until"] {
            let answer = server.post(endpoint, &[("license_key", "B"), (field, "2999-01-01")]);
            assert_eq!((answer.code, &answer.fields["field"]), (1902, &json!(field)), "{endpoint}");
        }
    }
}

#[test]
fn an_update_takes_the_words_of_newer_clients_and_shows_those_of_this_api() {
    let server = TestServer::start();
    server.post_json(CREATE, &keys(&json!(["A"])));
    for (word, status) in [
        ("active", "assigned"),
        ("suspended", "blocked"),
        ("revoked", "blocked"),
        ("inactive", "blocked"),
        (" reserved ", "reserved"),
    ] {
        assert_eq!(server.post(UPDATE, &[("license_key", "A"), ("status", word)]).code, 950);
        let license = license(&server, "A");
        assert_eq!(license["status"], status);
        // Since it was assigned for the first time, and until its owner's life with it ends.
        assert_eq!(license["assigned_at"].is_string(), status != "reserved");
    }
}

#[test]
fn every_refusal_of_an_update_changes_nothing() {
    let server = TestServer::start();
    server.post_json(CREATE, &keys(&json!(["A"])));
    let before = license(&server, "A");
    for (change, field, message) in [
        (json!({ "license_key": " " }), "license_key", "The license key field is required."),
        (json!({ "license_key": "x".repeat(256) }), "license_key", "The selected license key is invalid."),
        (json!({ "license_key": "a\0b" }), "license_key", "The selected license key is invalid."),
        (json!({ "product_id": [1] }), "product_id", "The selected product id is invalid."),
        (json!({ "product_id": 9 }), "product_id", "The selected product id is invalid."),
        (json!({ "owner_name": {} }), "owner_name", "The owner name field must be a string."),
        (json!({ "activation_limit": "" }), "activation_limit", "The activation limit field is required."),
        (
            json!({ "activation_limit": -2 }),
            "activation_limit",
            "The activation limit field must be at least 0.",
        ),
        (json!({ "validity_days": null }), "validity", "The validity field is required."),
        (json!({ "validity": 0.5 }), "validity", "The validity field must be an integer."),
        (json!({ "status": "" }), "status", "The selected status is invalid."),
        (json!({ "status": "expired" }), "status", "The selected status is invalid."),
        (json!({ "assigned_at": 1 }), "assigned_at", "The assigned at field must be a valid date."),
        // The data come before the license.
        (json!({ "license_key": "NOBODY", "status": "x" }), "status", "The selected status is invalid."),
    ] {
        let fields = with(json!({ "license_key": "A", "owner_email": "x@example.com" }), &change);
        let answer = server.post_json(UPDATE, &fields);
        expect(&answer, 951, "Incorrect data found", "global");
        assert_eq!(answer.fields["errors"], json!({ field: [message] }));
    }
    expect(&server.post(UPDATE, &[("license_key", "NOBODY")]), 952, "License key not found", "global");
    assert_eq!(license(&server, "A"), before);
}

#[test]
fn a_lowered_limit_keeps_the_activations_there_are() {
    let server = TestServer::start();
    server.add_license(&License { identifiers: &["one", "two"], ..License::default() });
    assert_eq!(server.post(UPDATE, &[("license_key", "KEY-1"), ("activation_limit", "1")]).code, 950);
    for (identifier, code) in [("one", 200), ("two", 200), ("three", 202)] {
        let answer = server.post("verify", &[("license_key", "KEY-1"), ("identifier", identifier)]);
        assert_eq!(answer.code, code);
    }
    let answer = server.post("activate", &[("license_key", "KEY-1"), ("identifier", "three")]);
    assert_eq!(answer.code, 302);
}

#[test]
fn a_blocked_license_works_again_when_it_is_assigned_again() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let verify = || server.post("verify", &[("license_key", "KEY-1"), ("identifier", "domain.ltd")]).code;
    for (status, code) in [("blocked", 204), ("assigned", 200), ("available", 201)] {
        assert_eq!(server.post(UPDATE, &[("license_key", "KEY-1"), ("status", status)]).code, 950);
        assert_eq!(verify(), code);
    }
}

#[test]
fn clients_are_told_when_their_license_is_blocked_or_deleted() {
    let receiver = Receiver::answering(&[200]);
    let server = TestServer::start_with(|config| config.webhooks.allow_private_targets = true);
    server.add_license(&License { identifiers: &[], ..License::default() });
    let url = receiver.url("/gone");
    let fields = [("license_key", "KEY-1"), ("identifier", "domain.ltd"), ("post_url", &url)];
    assert_eq!(server.post("activate", &fields).code, 300);
    let update = |status| server.post(UPDATE, &[("license_key", "KEY-1"), ("status", status)]).code;

    assert_eq!(update("blocked"), 950);
    let told = || server.answer(200, &receiver.next().body);
    let message = told();
    assert_eq!((message.code, message.message.as_str()), (400, "License key deactivated"));
    assert_eq!(message.signer, "product");
    assert_eq!(json!(message.fields), json!({ "license_key": "KEY-1", "identifier": "domain.ltd" }));
    // It is blocked already, so nothing ends by this.
    assert_eq!(update("suspended"), 950);
    assert_eq!(update("assigned"), 950);
    receiver.expect_silence();
    assert_eq!(server.post("delete-license-key", &[("license_key", "KEY-1")]).code, 850);
    assert_eq!(json!(told().fields), json!(message.fields));
}
