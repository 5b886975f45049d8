//! Metadata on products: making, changing, deleting and showing it, every outcome, in the decided order.

use std::thread;

use serde_json::json;

use crate::support::{Answer, TestServer};

const CREATE: &str = "create-product-meta";
const UPDATE: &str = "update-product-meta";
const DELETE: &str = "delete-product-meta";

fn post(server: &TestServer, endpoint: &str, product: &str, key: &str, value: &str) -> Answer {
    server.post(endpoint, &[("product_id", product), ("key", key), ("value", value)])
}

fn meta(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/api/v1/get-product-meta?api_key={}{query}", server.api_key))
}

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer));
    assert!(answer.fields.is_empty(), "{answer:?}");
}

#[test]
fn an_entry_is_made_changed_shown_and_deleted() {
    let server = TestServer::start();
    expect(&post(&server, CREATE, "1", "color", "green"), 273, "Product meta created", "product");
    expect(&post(&server, CREATE, "1", "size", " {\"a\": 1} "), 273, "Product meta created", "product");
    expect(&post(&server, UPDATE, "1", "COLOR", "dark blue"), 373, "Product meta updated", "product");
    let shown = meta(&server, "&product_id=1");
    let found = (shown.code, shown.message.as_str(), shown.signer.as_str());
    assert_eq!(found, (631, "Product information retrieved successfully", "global"));
    let time = shown.timestamp;
    assert_eq!(
        shown.response,
        format!(
            concat!(
                r#"{{"code":631,"message":"Product information retrieved successfully","meta_data":[{{"#,
                r#""key":"color","value":"dark blue"}},{{"key":"size","value":" {{\"a\": 1}} "}}],"#,
                r#""timestamp":{time}}}"#,
            ),
            time = time
        )
    );
    expect(
        &server.post(DELETE, &[("product_id", "1"), ("key", " Color ")]),
        482,
        "Product meta deleted",
        "product",
    );
    assert_eq!(
        meta(&server, "&product_id=1").fields["meta_data"],
        json!([{"key": "size", "value": " {\"a\": 1} "}])
    );
    assert_eq!(meta(&server, "&product_id=2").fields["meta_data"], json!([]));
}

#[test]
fn a_product_without_a_key_is_signed_for_by_the_global_one() {
    let server = TestServer::start();
    expect(&post(&server, CREATE, "2", "k", "v"), 273, "Product meta created", "global");
    expect(&post(&server, UPDATE, "2", "k", "w"), 373, "Product meta updated", "global");
    expect(&post(&server, DELETE, "2", "k", ""), 482, "Product meta deleted", "global");
}

#[test]
fn every_refusal_has_its_code_its_text_and_its_signer() {
    let server = TestServer::start();
    post(&server, CREATE, "1", "color", "green");
    let (not_found, key, value) = ("Product not found", "Meta key is required", "Meta value is required");
    for (endpoint, product, name, text, code, message, signer) in [
        (CREATE, "", "", "", 274, not_found, "global"),
        (CREATE, "9", "k", "v", 274, not_found, "global"),
        (CREATE, "nobody", "", "", 274, not_found, "global"),
        (CREATE, "1", " ", "", 270, key, "product"),
        (CREATE, "1", "color", " \n ", 271, value, "product"),
        (CREATE, "1", "Color", "blue", 272, "Meta key already exists", "product"),
        (UPDATE, "", "k", "v", 374, not_found, "global"),
        (UPDATE, "1", "", "", 370, key, "product"),
        (UPDATE, "1", "color", "", 371, value, "product"),
        (UPDATE, "1", "size", "v", 372, "Meta key doesn't exists", "product"),
        (DELETE, "99999999999999999999", "k", "", 483, not_found, "global"),
        (DELETE, "1", "", "", 480, key, "product"),
        (DELETE, "1", "size", "", 481, "Meta key doesn't exist", "product"),
        (DELETE, "2", "color", "", 481, "Meta key doesn't exist", "global"),
    ] {
        expect(&post(&server, endpoint, product, name, text), code, message, signer);
    }
    // None of them changed anything.
    assert_eq!(
        meta(&server, "&product_id=1").fields["meta_data"],
        json!([{"key": "color", "value": "green"}])
    );
}

#[test]
fn metadata_of_nobody_knows_which_product_is_not_found() {
    let server = TestServer::start();
    expect(&meta(&server, ""), 551, "Product not found", "global");
    expect(&meta(&server, "&product_id=9"), 551, "Product not found", "global");
    assert_eq!(server.post("delete-product", &[("product_id", "1")]).code, 550);
    assert_eq!(meta(&server, "").code, 631);
    expect(&meta(&server, "&product_id=1"), 551, "Product not found", "global");
}

#[test]
fn the_clients_names_for_the_fields_work_too_and_values_may_be_any_json() {
    let server = TestServer::start();
    let fields = json!({"product_id": 1, "meta_key": "flags", "meta_value": {"b": [1, 2.50], "a": null}});
    assert_eq!(server.post_json(CREATE, &fields).code, 273);
    let value = r#"{"b":[1,2.5],"a":null}"#;
    assert_eq!(
        meta(&server, "&product_uuid=1").fields["meta_data"],
        json!([{"key": "flags", "value": value}])
    );
}

#[test]
fn a_field_over_its_limit_or_with_a_nul_is_refused_by_name() {
    let server = TestServer::start();
    let (name, value) = ("x".repeat(256), "x".repeat(64 * 1024 + 1));
    for endpoint in [CREATE, UPDATE] {
        for (field, text, code) in [
            ("key", name.as_str(), 1913),
            ("value", &value, 1913),
            ("key", "a\0", 1902),
            ("value", "\0b", 1902),
        ] {
            let mut fields = json!({"product_id": 1, "key": "k", "value": "v"});
            fields[field] = text.into();
            let answer = server.post_json(endpoint, &fields);
            assert_eq!((answer.code, &answer.fields["field"]), (code, &json!(field)));
        }
    }
    assert_eq!(post(&server, CREATE, "1", "k", &"x".repeat(64 * 1024)).code, 273);
}

#[test]
fn two_who_create_the_same_key_at_once_get_one_273_and_one_272() {
    let server = TestServer::start();
    for round in 0..10 {
        let key = format!("key-{round}");
        let mut codes: Vec<i64> = thread::scope(|scope| {
            let racers: Vec<_> =
                (0..2).map(|_| scope.spawn(|| post(&server, CREATE, "1", &key, "v").code)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        codes.sort_unstable();
        assert_eq!(codes, [272, 273]);
    }
}

#[test]
fn a_product_has_at_most_a_thousand_entries_of_a_mebibyte() {
    let server = TestServer::start();
    for number in 0..1_000 {
        assert_eq!(post(&server, CREATE, "1", &format!("k{number}"), "v").code, 273);
    }
    let is_too_large =
        |answer: &Answer, field| (answer.code, answer.fields["field"].as_str()) == (1913, Some(field));
    assert!(is_too_large(&post(&server, CREATE, "1", "k1000", "v"), "key"));
    assert_eq!(post(&server, DELETE, "1", "k0", "").code, 482);
    assert_eq!(post(&server, CREATE, "1", "k1000", "v").code, 273);
    let value = "v".repeat(64 * 1024 - 10);
    for number in 10..26 {
        assert_eq!(post(&server, CREATE, "2", &format!("number--{number}"), &value).code, 273);
    }
    assert!(is_too_large(&post(&server, CREATE, "2", "k", "v"), "value"));
    assert!(is_too_large(&post(&server, UPDATE, "2", "number--10", &format!("{value}x")), "value"));
    assert_eq!(post(&server, UPDATE, "2", "number--10", &value[1..]).code, 373);
}
