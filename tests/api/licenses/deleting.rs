//! `delete-license-key`, and what stays.

use serde_json::json;

use super::{CREATE, UPDATE, expect, get, keys, license, list, listed_keys, with};
use crate::support::{License, TestServer};

#[test]
fn a_deleted_license_is_gone_with_its_activations_and_its_metadata() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let entry =
        [("license_key", "KEY-1"), ("identifier", "domain.ltd"), ("key", "color"), ("value", "green")];
    assert_eq!(server.post("create-license-key-meta", &entry).code, 453);
    let answer = server.post("delete-license-key", &[("license_key", "key-1")]);
    expect(&answer, 850, "License key deleted", "product");
    assert!(answer.fields.is_empty());
    assert_eq!(server.post("verify", &entry).code, 210);
    // Another license under the same key starts with nothing, and with a number of its own.
    let assigned = json!({ "status": "assigned" });
    assert_eq!(server.post_json(CREATE, &with(keys(&json!(["KEY-1"])), &assigned)).code, 900);
    assert_eq!(license(&server, "KEY-1")["id"], 2);
    assert_eq!(server.post("verify", &entry).code, 202);
    assert_eq!(server.post("activate", &entry).code, 300);
    assert_eq!(server.post("create-license-key-meta", &entry).code, 453);
}

#[test]
fn what_is_not_there_is_not_deleted() {
    let server = TestServer::start();
    for key in ["", " ", "NOBODY", "'; DELETE FROM licenses; --"] {
        let answer = server.post("delete-license-key", &[("license_key", key)]);
        expect(&answer, 851, "License key not found", "global");
    }
    let answer = server.post("delete-license-key", &[("license_key", &"x".repeat(256))]);
    assert_eq!((answer.code, &answer.fields["field"]), (1913, &json!("license_key")));
    server.add_license(&License { product: 2, ..License::default() });
    let answer = server.post("delete-license-key", &[("license_key", "KEY-1")]);
    expect(&answer, 850, "License key deleted", "global");
}

#[test]
fn what_was_reported_of_a_deleted_license_stays() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let report = [
        ("data_type", "text"),
        ("text_data", "hello"),
        ("data_group", "greetings"),
        ("product_id", "1"),
        ("user_identifier", "user"),
        ("license_key", "KEY-1"),
        ("activation_identifier", "domain.ltd"),
        ("product_version", "1"),
    ];
    assert_eq!(server.post("send-telemetry-data", &report).code, 830);
    assert_eq!(server.post("delete-license-key", &[("license_key", "KEY-1")]).code, 850);
    let found = get(&server, "get-telemetry-data", "data_type=text&data_group=greetings");
    assert_eq!(found.fields["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_license_that_outlived_its_product_can_be_moved_and_deleted() {
    let server = TestServer::start();
    for key in ["KEY-1", "KEY-2"] {
        server.add_license(&License { key, ..License::default() });
    }
    assert_eq!(server.post("delete-product", &[("product_id", "1")]).code, 550);
    assert!(list(&server, "product_id=1").is_empty());
    assert_eq!(listed_keys(&server, ""), ["KEY-1", "KEY-2"]);
    assert_eq!(get(&server, "get-available-license-keys-count", "product_id=1").code, 740);
    let update = |product| server.post(UPDATE, &[("license_key", "KEY-1"), ("product_id", product)]);
    assert_eq!(update("1").code, 951);
    let answer = server.post(UPDATE, &[("license_key", "KEY-1"), ("validity", "7")]);
    expect(&answer, 950, "License keys updated", "global");
    expect(&update("2"), 950, "License keys updated", "global");
    assert_eq!(listed_keys(&server, "product_id=2"), ["KEY-1"]);
    let answer = server.post("delete-license-key", &[("license_key", "KEY-2")]);
    expect(&answer, 850, "License key deleted", "global");
}
