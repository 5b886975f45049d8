//! `POST /create-license-key-meta`: every outcome, in the decided order.

use std::collections::HashSet;
use std::thread;

use crate::support::{Answer, License, TestServer, meta_fields};

const CREATE: &str = "create-license-key-meta";

fn create(server: &TestServer, license_key: &str, identifier: &str, key: &str, value: &str) -> Answer {
    let fields = [("license_key", license_key), ("identifier", identifier), ("key", key), ("value", value)];
    server.post(CREATE, &fields)
}

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer));
}

#[test]
fn new_metadata_is_answered_with_its_id() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let answer = create(&server, "KEY-1", "domain.ltd", "color", "green");
    expect(&answer, 453, "Metadata created", "product");
    assert_eq!(
        answer.response,
        format!(
            r#"{{"code":453,"message":"Metadata created","meta_id":1,"timestamp":{}}}"#,
            answer.timestamp
        )
    );
    let next = create(&server, "KEY-1", "domain.ltd", "size", "XL");
    assert_eq!(next.fields["meta_id"], 2);
}

#[test]
fn a_product_without_a_key_is_signed_for_by_the_global_one() {
    let server = TestServer::start();
    server.add_license(&License { product: 2, ..License::default() });
    expect(&create(&server, "KEY-1", "domain.ltd", "color", "green"), 453, "Metadata created", "global");
    expect(
        &create(&server, "KEY-1", "domain.ltd", "color", "green"),
        452,
        "Meta key already exists",
        "global",
    );
}

#[test]
fn every_refusal_has_its_code_its_text_and_its_signer() {
    let server = TestServer::start();
    server.command(&["product", "create", "--name", "Retired", "--inactive"]);
    server.add_license(&License::default());
    server.add_license(&License { key: "RETIRED", product: 3, identifiers: &[], ..License::default() });
    let not_activated = |key, status| License { key, status, identifiers: &[], ..License::default() };
    server.add_license(&not_activated("AVAILABLE", "available"));
    server.add_license(&not_activated("RESERVED", "reserved"));
    server.add_license(&not_activated("BLOCKED", "blocked"));
    server.add_license(&License { validity: 30, ..not_activated("EXPIRED", "assigned") });
    create(&server, "KEY-1", "domain.ltd", "color", "green");

    let not_active = "The product associated with this license key is not active or doesn't exist";
    let no_activation = "No activation found for this license key/identifier combination";
    for (license_key, identifier, key, value, code, message, signer) in [
        ("", "domain.ltd", "k", "v", 210, "Invalid license key", "global"),
        ("NOBODY", "", "", "", 210, "Invalid license key", "global"),
        ("RETIRED", "", "", "", 203, not_active, "global"),
        ("BLOCKED", "", "k", "v", 215, "Identifier is required", "product"),
        ("KEY-1", " \t ", "k", "v", 215, "Identifier is required", "product"),
        ("BLOCKED", "domain.ltd", "k", "v", 204, "License key blocked", "product"),
        ("AVAILABLE", "domain.ltd", "k", "v", 201, "This license key is not assigned", "product"),
        ("RESERVED", "domain.ltd", "k", "v", 201, "This license key is not assigned", "product"),
        ("EXPIRED", "domain.ltd", "", "", 205, "License key expired", "product"),
        ("KEY-1", "elsewhere.ltd", "", "", 202, no_activation, "product"),
        ("KEY-1", "domain.ltd", "", "", 450, "Meta key is required", "product"),
        ("KEY-1", "domain.ltd", "  ", "v", 450, "Meta key is required", "product"),
        ("KEY-1", "domain.ltd", "color", "", 451, "Meta value is required", "product"),
        ("KEY-1", "domain.ltd", "color", " \n ", 451, "Meta value is required", "product"),
        ("KEY-1", "domain.ltd", "color", "blue", 452, "Meta key already exists", "product"),
    ] {
        let answer = create(&server, license_key, identifier, key, value);
        expect(&answer, code, message, signer);
        assert!(answer.fields.is_empty(), "{answer:?}");
    }
    // None of them left anything behind: the next entry has the next number.
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "size", "XL").fields["meta_id"], 2);
}

#[test]
fn keys_and_identifiers_are_compared_without_regard_to_case_and_outer_spaces() {
    let server = TestServer::start();
    server.add_license(&License::default());
    assert_eq!(create(&server, " key-1 ", "\tDOMAIN.ltd", " Color ", "green").code, 453);
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "cOLOR", "green").code, 452);
}

#[test]
fn two_who_create_the_same_key_at_once_get_one_453_and_one_452() {
    let server = TestServer::start();
    server.add_license(&License::default());
    for round in 0..20 {
        let key = format!("key-{round}");
        let mut codes: Vec<i64> = thread::scope(|scope| {
            let racers: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| create(&server, "KEY-1", "domain.ltd", &key, "v").code))
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        codes.sort_unstable();
        assert_eq!(codes, [452, 453]);
    }
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let mut server = TestServer::start();
    server.add_license(&License::default());
    let ids: HashSet<i64> = thread::scope(|scope| {
        let writers: Vec<_> = (0..16)
            .map(|number| {
                let server = &server;
                scope.spawn(move || create(server, "KEY-1", "domain.ltd", &format!("key-{number}"), "v"))
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap().fields["meta_id"].as_i64().unwrap()).collect()
    });
    assert_eq!(ids.len(), 16);
    server.restart();
    for number in 0..16 {
        assert_eq!(create(&server, "KEY-1", "domain.ltd", &format!("key-{number}"), "v").code, 452);
    }
}

#[test]
fn a_field_over_its_limit_is_refused_by_name() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let (name, value) = ("x".repeat(256), "x".repeat(64 * 1024 + 1));
    for (field, text) in [
        ("license_key", "x".repeat(10_000).as_str()),
        ("identifier", &name),
        ("key", &name),
        ("value", &value),
    ] {
        let mut fields = meta_fields();
        fields[field] = text.into();
        let answer = server.post_json(CREATE, &fields);
        assert_eq!((answer.status, answer.code, answer.signer.as_str()), (413, 1913, "global"));
        assert_eq!(answer.fields["field"], field);
    }
    let limit = "x".repeat(64 * 1024);
    assert_eq!(create(&server, "KEY-1", "domain.ltd", &"x".repeat(255), &limit).code, 453);
}

#[test]
fn a_nul_in_a_field_is_refused_by_name() {
    let server = TestServer::start();
    server.add_license(&License::default());
    for field in ["license_key", "identifier", "key", "value"] {
        let mut fields = meta_fields();
        fields[field] = "a\0b".into();
        let answer = server.post_json(CREATE, &fields);
        assert_eq!((answer.status, answer.code), (400, 1902));
        assert_eq!(answer.fields["field"], field);
    }
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "color", "green").fields["meta_id"], 1);
}

#[test]
fn sql_in_a_field_is_text_like_any_other() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let sql = "'; DROP TABLE licenses; --\" OR 1=1 /* ? ?1 :a $x";
    assert_eq!(create(&server, sql, "domain.ltd", "k", "v").code, 210);
    assert_eq!(create(&server, "KEY-1", sql, "k", "v").code, 202);
    assert_eq!(create(&server, "KEY-1", "domain.ltd", sql, sql).code, 453);
    assert_eq!(create(&server, "KEY-1", "domain.ltd", sql, "v").code, 452);
}

#[test]
fn an_entry_is_updated_and_deleted_by_its_key() {
    let server = TestServer::start();
    server.add_license(&License::default());
    create(&server, "KEY-1", "domain.ltd", "color", "green");
    let change = |endpoint: &str, key: &str, value: &str| {
        let fields = [("license_key", "KEY-1"), ("identifier", "domain.ltd"), ("key", key), ("value", value)];
        server.post(endpoint, &fields)
    };
    let updated = change("update-license-key-meta", "COLOR", " blue ");
    expect(&updated, 353, "Metadata updated", "product");
    assert_eq!(updated.fields["meta_id"], 1);
    let details =
        server.post("get-license-key-details", &[("license_key", "KEY-1"), ("identifier", "domain.ltd")]);
    assert_eq!(
        details.fields["licenseKey"]["meta_data"].to_string(),
        r#"[{"key":"color","value":" blue "}]"#
    );
    expect(&change("delete-license-key-meta", "color", ""), 252, "Metadata deleted", "product");
    for (endpoint, key, value, code, message) in [
        ("update-license-key-meta", "", "v", 350, "Meta key is required"),
        ("update-license-key-meta", "color", "", 351, "Meta value is required"),
        ("update-license-key-meta", "color", "v", 352, "Meta key doesn't exist"),
        ("delete-license-key-meta", "", "", 250, "Meta key is required"),
        ("delete-license-key-meta", "color", "", 251, "Meta key doesn't exist"),
    ] {
        expect(&change(endpoint, key, value), code, message, "product");
    }
    // The number of a deleted entry is never used again.
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "color", "green").fields["meta_id"], 2);
}

#[test]
fn a_license_has_at_most_a_thousand_entries() {
    let server = TestServer::start();
    server.add_license(&License::default());
    server.add_license(&License { key: "KEY-2", ..License::default() });
    for number in 0..1_000 {
        assert_eq!(create(&server, "KEY-1", "domain.ltd", &format!("k{number}"), "v").code, 453);
    }
    let one_more = create(&server, "KEY-1", "domain.ltd", "k1000", "v");
    assert_eq!((one_more.status, one_more.code, one_more.fields["field"].as_str()), (413, 1913, Some("key")));
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "k999", "v").code, 452);
    assert_eq!(create(&server, "KEY-2", "domain.ltd", "k1000", "v").code, 453);
    let fields = |key| [("license_key", "KEY-1"), ("identifier", "domain.ltd"), ("key", key), ("value", "w")];
    assert_eq!(server.post("update-license-key-meta", &fields("k0")).code, 353);
    assert_eq!(server.post("delete-license-key-meta", &fields("k0")).code, 252);
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "k1000", "v").code, 453);
}

#[test]
fn control_characters_count_as_an_answer_has_them() {
    let server = TestServer::start();
    server.add_license(&License::default());
    // Each takes six bytes in an answer.
    let value = "\u{1}".repeat(64 * 1024);
    let codes: Vec<_> = (0..9)
        .map(|number| create(&server, "KEY-1", "domain.ltd", &format!("k{number}"), &value).code)
        .collect();
    assert_eq!(codes, [453, 453, 453, 453, 453, 453, 453, 1913, 1913]);
    let refused = create(&server, "KEY-1", "domain.ltd", "k", &value);
    assert_eq!((refused.status, refused.code, refused.fields["field"].as_str()), (413, 1913, Some("value")));
    // Letters still fit.
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "k", &"x".repeat(64 * 1024)).code, 453);
    let details =
        server.post("get-license-key-details", &[("license_key", "KEY-1"), ("identifier", "domain.ltd")]);
    assert_eq!(details.fields["licenseKey"]["meta_data"].as_array().unwrap().len(), 8);
}

#[test]
fn the_entries_of_a_license_have_at_most_a_mebibyte_together() {
    let server = TestServer::start();
    server.add_license(&License::default());
    // Of two bytes each, and the keys count too: sixteen entries fill it to the last byte.
    let value = "\u{e9}".repeat((64 * 1024 - 10) / 2);
    for number in 10..26 {
        let key = format!("number--{number}");
        assert_eq!(create(&server, "KEY-1", "domain.ltd", &key, &value).code, 453);
    }
    let change = |value: &str| {
        let fields =
            [("license_key", "KEY-1"), ("identifier", "domain.ltd"), ("key", "number--10"), ("value", value)];
        server.post("update-license-key-meta", &fields)
    };
    let is_too_large =
        |answer: &Answer| (answer.code, answer.fields["field"].as_str()) == (1913, Some("value"));
    assert!(is_too_large(&create(&server, "KEY-1", "domain.ltd", "k", "v")));
    assert!(is_too_large(&change(&format!("{value}x"))));
    let details =
        server.post("get-license-key-details", &[("license_key", "KEY-1"), ("identifier", "domain.ltd")]);
    let entries = details.fields["licenseKey"]["meta_data"].as_array().unwrap();
    assert_eq!((entries.len(), entries[0]["value"].as_str()), (16, Some(value.as_str())));
    assert_eq!(change(&value[2..]).code, 353);
    assert_eq!(create(&server, "KEY-1", "domain.ltd", "k", "v").code, 453);
}
