//! `GET /licenses/{license_key}/features/{feature}`.

use std::num::NonZeroU32;
use std::time::Duration;

use keyseal::Rate;
use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer};

/// A server whose product 1 has these features, and a license of it that is active nowhere.
fn server(features: &Value) -> TestServer {
    let server = TestServer::start();
    server.add_license(&License { identifiers: &[], ..License::default() });
    let fields = json!({ "product_id": 1, "features": features });
    assert_eq!(server.post_json("update-product", &fields).code, 650);
    server
}

fn ask(server: &TestServer, license_key: &str, feature: &str) -> Answer {
    server.get(&format!("/v1/licenses/{license_key}/features/{feature}?api_key={}", server.api_key))
}

/// `enabled` and `value` of an answer.
fn said(answer: &Answer) -> (Value, Value) {
    assert_eq!((answer.code, answer.signer.as_str()), (1946, "product"));
    let names: Vec<&str> = answer.fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["feature", "enabled", "value"]);
    (answer.fields["enabled"].clone(), answer.fields["value"].clone())
}

#[test]
fn an_object_has_the_value_of_each_feature() {
    let features = json!({ "seats": 5, "pro": true, "beta": false, "trial": null, "plan": { "name": "x" } });
    let server = server(&features);
    for (feature, enabled) in
        [("seats", true), ("pro", true), ("beta", false), ("trial", false), ("plan", true)]
    {
        let answer = ask(&server, "KEY-1", feature);
        assert_eq!(said(&answer), (json!(enabled), features[feature].clone()), "{feature}");
        assert_eq!(answer.fields["feature"], feature);
    }
    assert_eq!(said(&ask(&server, "KEY-1", "other")), (json!(false), Value::Null));
    assert_eq!(said(&ask(&server, "KEY-1", "PRO")), (json!(false), Value::Null));
}

#[test]
fn a_list_enables_each_feature_that_it_names() {
    let server = server(&json!(["updates", "two words"]));
    assert_eq!(said(&ask(&server, "key-1", "updates")), (json!(true), json!(true)));
    assert_eq!(said(&ask(&server, "KEY-1", "two%20words")), (json!(true), json!(true)));
    assert_eq!(said(&ask(&server, "KEY-1", "pro")), (json!(false), Value::Null));
}

#[test]
fn a_product_without_features_has_none() {
    let server = server(&json!("none"));
    assert_eq!(said(&ask(&server, "KEY-1", "none")), (json!(false), Value::Null));
    assert_eq!(server.post("update-product", &[("product_id", "1"), ("features", "")]).code, 650);
    assert_eq!(said(&ask(&server, "KEY-1", "updates")), (json!(false), Value::Null));
}

#[test]
fn an_unknown_license_and_an_inactive_product_are_refused() {
    let server = server(&json!(["updates"]));
    let unknown = ask(&server, "NOBODY", "updates");
    assert_eq!((unknown.code, unknown.signer.as_str()), (210, "global"));
    server.post("update-product", &[("product_id", "1"), ("status", "inactive")]);
    let inactive = ask(&server, "KEY-1", "updates");
    assert_eq!((inactive.code, inactive.signer.as_str()), (203, "product"));
}

#[test]
fn the_path_is_decoded_and_checked_like_a_field() {
    let server = server(&json!(["updates"]));
    server.add_license(&License { key: "A/Bé", identifiers: &[], ..License::default() });
    for license_key in ["a%2Fb%C3%A9", "a%2Fb%20%C3%A9"] {
        assert_eq!(ask(&server, license_key, "updates").code, 1946);
    }
    for (license_key, feature, code, field) in [
        ("KEY-1", "%ff", 1902, None),
        ("KEY-1", "%00", 1902, Some("feature")),
        ("KEY-1", "%20", 1902, Some("feature")),
        ("KEY-1", &"x".repeat(256), 1913, Some("feature")),
        (&"x".repeat(256), "updates", 1913, Some("license_key")),
        ("%20", "updates", 210, None),
    ] {
        let answer = ask(&server, license_key, feature);
        let named = answer.fields.get("field").and_then(Value::as_str);
        assert_eq!((answer.code, named), (code, field), "{license_key:.9} {feature:.9}");
    }
    let with_query =
        format!("/v1/licenses/NOBODY/features/updates?license_key=KEY-1&api_key={}", server.api_key);
    assert_eq!(server.get(&with_query).code, 210);
}

#[test]
fn its_capability_is_in_no_preset() {
    let server = server(&json!(["updates"]));
    for (capability, code) in [("client", 102), ("shop", 102), ("get-license-feature", 1946), ("admin", 1946)]
    {
        let api_key = server.add_api_key(&["--capability", capability]);
        let path = format!("/v1/licenses/KEY-1/features/updates?api_key={api_key}");
        assert_eq!(server.get(&path).code, code, "{capability}");
    }
}

#[test]
fn wrong_keys_are_guesses_here_too() {
    let guesses = Rate { burst: NonZeroU32::new(2).unwrap(), every: Duration::from_hours(1) };
    let server = TestServer::start_with(|config| config.limits.rates.guesses = Some(guesses));
    server.add_license(&License { identifiers: &[], ..License::default() });
    let client = server.add_api_key(&["--capability", "get-license-feature"]);
    let ask = |key: &str| server.get(&format!("/v1/licenses/{key}/features/f?api_key={client}")).code;
    assert_eq!([ask("WRONG"), ask("WRONG"), ask("WRONG"), ask("KEY-1")], [210, 210, 1929, 1929]);
}
