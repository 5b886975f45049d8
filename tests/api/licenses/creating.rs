//! `create-license-keys`.

use serde_json::{Value, json};

use super::{CREATE, expect, get, keys, license, list, listed_keys, with};
use crate::support::TestServer;

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
