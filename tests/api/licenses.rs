//! `create-license-keys`, `update-license-key`, `delete-license-key`, `get-license-keys`, `get-available-license-keys-count`.

use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer};

const CREATE: &str = "create-license-keys";
const UPDATE: &str = "update-license-key";

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer), "{answer:?}");
}

/// What a request to create these keys in the pool of product 1 says.
fn keys(license_keys: &Value) -> Value {
    json!({ "license_keys": license_keys, "product_id": 1, "activation_limit": 3, "validity": 30, "status": "available" })
}

fn with(mut fields: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields
}

fn get(server: &TestServer, endpoint: &str, query: &str) -> Answer {
    server.get(&format!("/api/v1/{endpoint}?api_key={}&{query}", server.api_key))
}

fn list(server: &TestServer, query: &str) -> Vec<Value> {
    let answer = get(server, "get-license-keys", query);
    expect(&answer, 730, "License keys", "global");
    answer.fields["license_keys"].as_array().unwrap().clone()
}

fn listed_keys(server: &TestServer, query: &str) -> Vec<String> {
    list(server, query).iter().map(|license| license["license_key"].as_str().unwrap().to_owned()).collect()
}

fn license(server: &TestServer, key: &str) -> Value {
    let all = list(server, "items_per_page=1000");
    all.into_iter().find(|license| license["license_key"] == key).unwrap()
}

/// `prefix1`, `prefix2`, … in the pool of a product.
fn fill_pool(server: &TestServer, product: i64, prefix: &str, count: usize) {
    let names: Vec<String> = (1..=count).map(|number| format!("{prefix}{number}")).collect();
    let answer = server.post_json(CREATE, &with(keys(&json!(names)), &json!({ "product_id": product })));
    assert_eq!(answer.fields["created"], count);
}

#[test]
fn keys_are_created_and_those_that_exist_are_counted() {
    let server = TestServer::start();
    let answer = server.post_json(CREATE, &keys(&json!(["A", "B"])));
    expect(&answer, 900, "License keys creation result", "product");
    assert_eq!(
        answer.response,
        format!(
            r#"{{"code":900,"message":"License keys creation result","created":2,"duplicate":0,"timestamp":{}}}"#,
            answer.timestamp
        )
    );
    let answer = server.post_json(CREATE, &keys(&json!(["C", " a ", "c", "C", 7, 7.5])));
    assert_eq!((&answer.fields["created"], &answer.fields["duplicate"]), (&json!(3), &json!(3)));
    assert_eq!(listed_keys(&server, ""), ["A", "B", "C", "7", "7.5"]);
}

#[test]
fn a_list_of_keys_comes_in_three_ways() {
    let server = TestServer::start();
    let rest = [("product_id", "2"), ("activation_limit", "0"), ("validity", "0"), ("status", "available")];
    for keys in
        [[("license_keys", r#"["A","B"]"#)].as_slice(), &[("license_keys[]", "C"), ("license_keys[]", "D")]]
    {
        let answer = server.post(CREATE, &[keys, rest.as_slice()].concat());
        expect(&answer, 900, "License keys creation result", "global");
        assert_eq!(answer.fields["created"], 2);
    }
    assert_eq!(listed_keys(&server, "product_id=2"), ["A", "B", "C", "D"]);
}

#[test]
fn nothing_created_is_902() {
    let server = TestServer::start();
    server.post_json(CREATE, &keys(&json!(["A"])));
    for list in [json!([]), json!("[]"), json!(["a"]), json!(["A", "A"])] {
        let answer = server.post_json(CREATE, &keys(&list));
        expect(&answer, 902, "No license keys created", "product");
        assert!(answer.fields.is_empty());
    }
    let answer = server.post_json(CREATE, &with(keys(&json!(["A"])), &json!({ "product_id": 2 })));
    expect(&answer, 902, "No license keys created", "global");
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let server = TestServer::start();
    let answer = server.post(CREATE, &[]);
    expect(&answer, 901, "Incorrect data found", "global");
    let errors = json!({
        "license_keys": ["The license keys field is required."],
        "product_id": ["The selected product id is invalid."],
        "activation_limit": ["The activation limit field is required."],
        "validity": ["The validity field is required."],
        "status": ["The selected status is invalid."],
    });
    assert_eq!(answer.fields["errors"].to_string(), errors.to_string());
    assert_eq!(answer.fields.len(), 1);
}

#[test]
fn what_is_wrong_is_said_by_field_and_nothing_is_created() {
    let server = TestServer::start();
    let too_many: Vec<usize> = (0..10_001).collect();
    let (long, nested) = ("x".repeat(256), json!([["A"]]));
    let none = |item| {
        format!(
            "The license keys field must hold texts of 1 to 255 bytes without NUL characters: item {item} is none."
        )
    };
    let array = "The license keys field must be an array.";
    let large = "field must not be greater than 2147483647.";
    for (field, value, message) in [
        ("license_keys", json!("A"), array.to_owned()),
        ("license_keys", json!({ "a": "A" }), array.to_owned()),
        ("license_keys", json!(7), array.to_owned()),
        ("license_keys", Value::Null, "The license keys field is required.".to_owned()),
        (
            "license_keys",
            json!(too_many),
            "The license keys field must not have more than 10000 items.".to_owned(),
        ),
        ("license_keys", json!(["A", "B", " "]), none(3)),
        ("license_keys", json!(["A", long]), none(2)),
        ("license_keys", json!(["a\0b"]), none(1)),
        ("license_keys", json!(["A", null]), none(2)),
        ("license_keys", json!([true]), none(1)),
        ("license_keys", json!([{}]), none(1)),
        ("license_keys", nested, none(1)),
        ("product_id", json!(9), "The selected product id is invalid.".to_owned()),
        ("product_id", json!("99999999999999999999"), "The selected product id is invalid.".to_owned()),
        ("product_id", json!([1]), "The selected product id is invalid.".to_owned()),
        ("owner_name", json!(long), "The owner name field must not be greater than 255 bytes.".to_owned()),
        ("owner_name", json!(["Jane"]), "The owner name field must be a string.".to_owned()),
        ("owner_email", json!("a\0b"), "The selected owner email is invalid.".to_owned()),
        ("activation_limit", json!(-2), "The activation limit field must be at least 0.".to_owned()),
        ("activation_limit", json!(1.5), "The activation limit field must be an integer.".to_owned()),
        ("activation_limit", json!(2_147_483_648_i64), format!("The activation limit {large}")),
        ("activation_limit", json!("1e3"), "The activation limit field must be an integer.".to_owned()),
        ("validity", json!(-1), "The validity field must be at least 0.".to_owned()),
        ("validity", json!("99999999999999999999"), "The validity field must be an integer.".to_owned()),
        ("validity", json!("x"), "The validity field must be an integer.".to_owned()),
        ("validity", json!([1]), "The validity field is required.".to_owned()),
        ("status", json!("expired"), "The selected status is invalid.".to_owned()),
        ("status", json!("active"), "The selected status is invalid.".to_owned()),
        ("status", json!("Assigned"), "The selected status is invalid.".to_owned()),
        ("assigned_at", json!("yesterday"), "The assigned at field must be a valid date.".to_owned()),
        (
            "assigned_at",
            json!("2024-02-30 00:00:00"),
            "The assigned at field must be a valid date.".to_owned(),
        ),
    ] {
        let answer = server.post_json(CREATE, &with(keys(&json!(["A"])), &json!({ field: value })));
        expect(&answer, 901, "Incorrect data found", "global");
        assert_eq!(answer.fields["errors"], json!({ field: [message] }));
    }
    assert!(list(&server, "").is_empty());
}

#[test]
fn every_field_is_kept_and_shown() {
    let server = TestServer::start();
    let owner = json!({
        "status": "assigned", "owner_name": " Jane Doe ", "customer_email": "jane@example.com",
        "assigned_at": "2024-02-27T05:05:31+02:00",
    });
    server.post_json(CREATE, &with(keys(&json!(["A"])), &owner));
    let answer = get(&server, "get-license-keys", "product_id=1&status=assigned");
    let licenses = &answer.fields["license_keys"];
    let made = licenses[0]["created_at"].as_str().unwrap();
    assert!(made.len() == 27 && made.ends_with(".000000Z"), "{made}");
    assert_eq!(
        licenses.to_string(),
        format!(
            "[{{{},{},{}}}]",
            r#""id":1,"product_id":1,"license_key":"A","owner_name":"Jane Doe","owner_email":"jane@example.com""#,
            r#""activation_limit":3,"validity":30,"assigned_at":"2024-02-27 03:05:31","status":"assigned""#,
            format_args!(r#""created_at":"{made}","updated_at":"{made}""#),
        )
    );
    let names: Vec<&String> = answer.fields.keys().collect();
    assert_eq!(names, ["license_keys"]);
}

#[test]
fn an_assigned_key_is_assigned_now_unless_it_is_said_when_and_others_never_are() {
    let server = TestServer::start();
    for status in ["assigned", "available", "reserved", "blocked"] {
        let fields = with(keys(&json!([status])), &json!({ "status": status, "activation_limit": -1 }));
        assert_eq!(server.post_json(CREATE, &fields).code, 900);
        let license = license(&server, status);
        assert_eq!(license["assigned_at"].is_string(), status == "assigned");
        assert_eq!((&license["status"], &license["activation_limit"]), (&json!(status), &json!(0)));
        assert_eq!((&license["owner_name"], &license["owner_email"]), (&Value::Null, &Value::Null));
    }
    let verify = [("license_key", "assigned"), ("identifier", "domain.ltd")];
    assert_eq!(server.post("activate", &verify).code, 300);
    assert_eq!(server.post("verify", &verify).code, 200);
}

#[test]
fn ten_thousand_keys_are_created_in_one_call() {
    let server = TestServer::start();
    let names: Vec<String> =
        (0..10_000).map(|number| format!("0b9f1c52-7a4e-4c3d-9e8b-{number:012}")).collect();
    let answer = server.post_json(CREATE, &keys(&json!(names)));
    assert_eq!((&answer.fields["created"], &answer.fields["duplicate"]), (&json!(10_000), &json!(0)));
    let answer = get(&server, "get-available-license-keys-count", "product_id=1");
    assert_eq!(answer.fields["count"], 10_000);
    assert_eq!(server.post_json(CREATE, &keys(&json!(names))).code, 902);
    assert_eq!(listed_keys(&server, "page=1000"), names[9_990..]);
    assert_eq!(list(&server, "items_per_page=9999&product_id=1&status=available&page=10").len(), 1000);
}

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
        (json!({ "status": "available", "metadata": { "a": 1 } }), "status", json!("available")),
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
        // Since it was assigned for the first time.
        assert!(license["assigned_at"].is_string());
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
        (json!({ "product_id": "" }), "product_id", "The selected product id is invalid."),
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
fn a_list_is_limited_to_what_is_asked_for() {
    let server = TestServer::start();
    fill_pool(&server, 1, "pool-", 2);
    fill_pool(&server, 2, "other-", 2);
    for (key, product, name, email) in
        [("mine", 1, "Jane", "jane@example.com"), ("theirs", 2, "John", "Jane@Example.com")]
    {
        let owner =
            json!({ "product_id": product, "status": "assigned", "owner_name": name, "owner_email": email });
        server.post_json(CREATE, &with(keys(&json!([key])), &owner));
    }
    for (query, found) in [
        ("", &["pool-1", "pool-2", "other-1", "other-2", "mine", "theirs"][..]),
        ("product_id=1", &["pool-1", "pool-2", "mine"]),
        ("product_uuid=1", &["pool-1", "pool-2", "mine"]),
        ("product_id=%201%20", &["pool-1", "pool-2", "mine"]),
        ("status=available", &["pool-1", "pool-2", "other-1", "other-2"]),
        ("product_id=2&status=assigned", &["theirs"]),
        ("product_id=2&status=blocked", &[]),
        ("owner_email=JANE@example.COM", &["mine", "theirs"]),
        ("customer_email=jane@example.com&status=assigned&product_id=1", &["mine"]),
        ("owner_name=john", &["theirs"]),
        ("owner_name=jane&owner_email=jane@example.com", &["mine"]),
        ("owner_name=Jan", &[]),
        ("owner_email=%25", &[]),
        ("owner_email=&status=&product_id=1", &["pool-1", "pool-2", "mine"]),
        ("product_id=9", &[]),
        ("product_id=99999999999999999999", &[]),
        ("product_id=x'%20OR%201=1--", &[]),
        ("status=active", &[]),
        ("status=Assigned", &[]),
        ("product_id=1&status=x", &[]),
    ] {
        assert_eq!(listed_keys(&server, query), found, "{query}");
    }
}

#[test]
fn a_list_comes_in_pages() {
    let server = TestServer::start();
    fill_pool(&server, 1, "K", 23);
    fill_pool(&server, 2, "other", 1);
    for (query, first, count) in [
        ("", "K1", 10),
        ("page=2", "K11", 10),
        ("page=3&product_id=1&status=available", "K21", 3),
        ("page=3&items_per_page=5", "K11", 5),
        ("page=3&per_page=5&product_id=1", "K11", 5),
        ("page=5&items_per_page=5&status=available", "K21", 4),
        ("items_per_page=1000000", "K1", 24),
        ("page=0&items_per_page=0", "K1", 10),
        ("page=-1&items_per_page=-5", "K1", 10),
        ("page=1.5&items_per_page=x", "K1", 10),
    ] {
        let found = listed_keys(&server, query);
        assert_eq!((found.first().map(String::as_str), found.len()), (Some(first), count), "{query}");
    }
    for page in ["4", "25", "9223372036854775807", "99999999999999999999999"] {
        assert!(list(&server, &format!("page={page}&items_per_page=10")).is_empty());
        assert!(list(&server, &format!("page={page}&items_per_page=1000&product_id=1")).is_empty());
    }
}

#[test]
fn an_empty_server_has_an_empty_list() {
    let server = TestServer::start();
    let answer = get(&server, "get-license-keys", "");
    assert_eq!(
        answer.response,
        format!(
            r#"{{"code":730,"message":"License keys","license_keys":[],"timestamp":{}}}"#,
            answer.timestamp
        )
    );
}

#[test]
fn only_what_is_available_is_counted_and_only_of_that_product() {
    let server = TestServer::start();
    fill_pool(&server, 1, "pool-", 3);
    for (key, status) in [("A", "assigned"), ("R", "reserved"), ("B", "blocked")] {
        server.add_license(&License { key, status, identifiers: &[], ..License::default() });
    }
    for (query, count) in
        [("product_id=1", 3), ("product_uuid=1&generator_uuid=x", 3), ("product_id=2", 0), ("productId=2", 0)]
    {
        let answer = get(&server, "get-available-license-keys-count", query);
        expect(&answer, 741, "Available license keys count", "global");
        let expected = format!(
            r#"{{"code":741,"message":"Available license keys count","count":{count},"timestamp":{}}}"#,
            answer.timestamp
        );
        assert_eq!(answer.response, expected);
    }
    for query in ["", "product_id=", "product_id=9", "product_id=-1", "product_id=x"] {
        let answer = get(&server, "get-available-license-keys-count", query);
        expect(&answer, 740, "Product doesn't exist", "global");
        assert!(answer.fields.is_empty());
    }
}
