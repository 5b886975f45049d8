//! A product that is sent is checked by every endpoint of the license gate.

use serde_json::{Value, json};

use crate::support::{License, TestServer};

/// The endpoints of the license gate, with their success on a license that is active.
const GATE: &[(&str, i64)] = &[
    ("verify", 200),
    ("activate", 301),
    ("get-license-key-details", 500),
    ("access-downloadables", 600),
    ("create-license-key-meta", 453),
    ("update-license-key-meta", 353),
    ("delete-license-key-meta", 252),
    ("assign-and-activate-license-key", 301),
    ("deactivate", 400),
];

fn body(endpoint: &str, product: &[(&str, Value)]) -> Value {
    let mut body = json!({ "license_key": "KEY-1", "identifier": "domain.ltd" });
    if endpoint.contains("meta") {
        body["key"] = "color".into();
        body["value"] = "green".into();
    }
    if endpoint.starts_with("assign") {
        body["owner_email"] = "jane@example.com".into();
    }
    for (field, value) in product {
        body[*field] = value.clone();
    }
    body
}

fn server() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License::default());
    server.command(&["license", "update", "KEY-1", "--owner-email", "jane@example.com"]);
    server.command(&["product", "update", "1", "--slug", "first", "--name", "The First"]);
    server
}

#[test]
fn the_key_of_another_product_is_refused_like_an_unknown_one() {
    let server = server();
    for (endpoint, _) in GATE {
        for other in [json!(2), json!("2"), json!("Without a key"), json!("nothing"), json!(99)] {
            for field in ["product_id", "product_uuid", "product_slug"] {
                let answer = server.post_json(endpoint, &body(endpoint, &[(field, other.clone())]));
                assert_eq!(answer.code, 210, "{endpoint} {field}={other}");
            }
        }
    }
    let features = |query: &str| {
        server.get(&format!("/api/v1/licenses/KEY-1/features/x?api_key={}&{query}", server.api_key)).code
    };
    assert_eq!((features("product_id=2"), features("product_id=first")), (210, 1946));
}

#[test]
fn a_product_that_cannot_be_read_is_refused_by_its_name() {
    let server = server();
    for (endpoint, _) in GATE {
        for unreadable in [json!([1]), json!([]), json!({ "id": 1 }), json!(true)] {
            let answer = server.post_json(endpoint, &body(endpoint, &[("product_id", unreadable.clone())]));
            assert_eq!((answer.code, answer.status), (1902, 400), "{endpoint} {unreadable}");
            assert_eq!(answer.fields["field"], "product_id");
        }
    }
}

#[test]
fn its_own_product_and_none_are_taken() {
    let server = server();
    for product in [
        &[][..],
        &[("product_id", json!(1))],
        &[("product_uuid", json!("1"))],
        &[("product_id", json!("first"))],
        &[("product_id", json!("The First"))],
        &[("product_uuid", json!(false))],
        &[("product_uuid", Value::Null)],
        &[("product_id", json!(""))],
        &[("product_id", json!(false)), ("product_uuid", json!(1))],
    ] {
        // The round before ended by deactivating it.
        server.command(&["license", "activate", "KEY-1", "--identifier", "domain.ltd"]);
        for (endpoint, code) in GATE {
            assert_eq!(
                server.post_json(endpoint, &body(endpoint, product)).code,
                *code,
                "{endpoint} {product:?}"
            );
        }
    }
}

#[test]
fn a_false_product_is_absent_where_one_is_changed_or_listed_too() {
    let server = server();
    for absent in [json!(false), Value::Null, json!("")] {
        let change = json!({ "license_key": "KEY-1", "validity": 30, "product_uuid": absent });
        assert_eq!(server.post_json("update-license-key", &change).code, 950, "{absent}");
    }
    let change = json!({ "license_key": "KEY-1", "product_uuid": [1] });
    assert_eq!(server.post_json("update-license-key", &change).code, 951);
    assert_eq!(server.command(&["license", "list"])[0]["product_id"], 1);
}
