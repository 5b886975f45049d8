//! Moving a license to another product, and reassigning it to another owner.

use serde_json::{Value, json};

use crate::support::{License, Receiver, TestServer, program};

const KEY: &str = "KEY-1";

fn license(server: &TestServer) -> Value {
    server.command(&["license", "list"])[0].clone()
}

fn on(server: &TestServer, endpoint: &str, identifier: &str, more: &[(&str, &str)]) -> i64 {
    let fields = [("license_key", KEY), ("identifier", identifier)];
    server.post(endpoint, &[&fields[..], more].concat()).code
}

fn refusal(server: &TestServer, words: &[&str]) -> String {
    let before = license(server);
    let output = program().arg("--data").arg(server.data()).arg("license").args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{words:?}");
    assert_eq!(license(server), before, "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_new_owner_gets_a_license_without_anything_of_the_former_one() {
    let receiver = Receiver::answering(&[200]);
    let server = TestServer::start_with(|config| config.webhooks.allow_private_targets = true);
    let fresh = License { activation_limit: 1, identifiers: &[], validity: 30, ..License::default() };
    server.add_license(&fresh);
    let former = ["--owner-name", "First", "--owner-email", "first@example.com", "--order-reference", "1001"];
    server.command(&[&["license", "update", KEY, "--note", "pays late"][..], &former].concat());
    let renewed = [("license_key", KEY), ("until", "2099-12-31")];
    assert_eq!(server.post("renew-license-key", &renewed).code, 1944);
    assert_eq!(on(&server, "activate", "first-pc", &[("post_url", &receiver.url("/gone"))]), 300);
    assert_eq!(on(&server, "create-license-key-meta", "first-pc", &[("key", "secret"), ("value", "1")]), 453);
    let before = license(&server);

    let words = ["license", "reassign", KEY, "--owner-email", " second@example.com "];
    let reassigned = server.command(&words);
    assert_eq!(reassigned["ended"], json!({ "activations": 1, "meta": 1 }));
    assert_eq!(
        (&reassigned["status"], &reassigned["owner_name"], &reassigned["owner_email"]),
        (&json!("assigned"), &Value::Null, &json!("second@example.com"))
    );
    assert!(reassigned["assigned_at"].as_str() > before["assigned_at"].as_str(), "{reassigned}");
    assert_eq!(reassigned["validity"], before["validity"]);
    let message = server.answer(200, &receiver.next().body);
    assert_eq!(json!(message.fields), json!({ "license_key": KEY, "identifier": "first-pc" }));
    assert_eq!(on(&server, "verify", "first-pc", &[]), 202);
    assert_eq!(on(&server, "activate", "second-pc", &[]), 300);
    let details =
        server.post("get-license-key-details", &[("license_key", KEY), ("identifier", "second-pc")]);
    assert_eq!(details.fields["licenseKey"]["meta_data"], json!([]));
    assert!(!details.body.contains("irst"), "{}", details.body);
    let unchanged = server.command(&["license", "update", KEY, "--activation-limit", "1"]);
    assert_eq!((&unchanged["note"], &unchanged["order_reference"]), (&Value::Null, &Value::Null));
    // Repeated, it would end what the new owner has.
    let again = refusal(&server, &["reassign", KEY, "--owner-email", "SECOND@example.com"]);
    assert!(again.contains("it is this owner's already"), "{again}");
    assert_eq!(on(&server, "verify", "second-pc", &[]), 200);
    receiver.expect_silence();

    let entries = server.command(&["audit", "list", "--license", KEY]);
    let last: Vec<_> =
        entries.as_array().unwrap().iter().filter(|entry| entry["action"] == "license reassign").collect();
    let told: Vec<_> = last.iter().map(|entry| (&entry["change"], &entry["detail"])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["ownership ended", "owner first@example.com; 1 activation, 1 metadata entry ended"],
            ["assigned", "second@example.com"],
        ])
    );
}

#[test]
fn only_a_license_with_an_owner_is_reassigned() {
    let server = TestServer::start();
    server.add_license(&License { identifiers: &[], ..License::default() });
    let reassign = ["reassign", KEY, "--owner-email", "second@example.com"];
    for (status, part) in [
        ("available", "it is available, and has no owner yet: assign it"),
        ("reserved", "it is reserved, and has no owner yet: assign it"),
        ("blocked", "it is blocked: unblock it first"),
    ] {
        server.command(&["license", "update", KEY, "--status", status]);
        let said = refusal(&server, &reassign);
        assert!(said.contains(part), "{said}");
    }
    // Reserved before its block, it is nobody's after it.
    server.command(&["license", "unblock", KEY]);
    assert!(refusal(&server, &reassign).contains("reserved"));
    assert!(refusal(&server, &["reassign", KEY, "--owner-email", "  "]).contains("--owner-email is empty"));
}

#[test]
fn a_license_moves_to_a_product_by_any_of_its_names() {
    let server = TestServer::start();
    server.command(&["product", "update", "2", "--name", "The Second", "--slug", "second"]);
    let path = format!("/v1/get-product-public-key?product_id=2&api_key={}", server.api_key);
    let uuid = server.get(&path).fields["product_uuid"].as_str().unwrap().to_owned();
    server.add_license(&License::default());
    let before = license(&server);
    for name in ["2", "second", "The Second", &uuid] {
        let moved = server.command(&["license", "move", "key-1", "--product", name]);
        assert_eq!((&moved["product_id"], &moved["old_product_id"]), (&json!(2), &json!(1)), "{name}");
        assert_eq!(on(&server, "verify", "domain.ltd", &[("product_id", "2")]), 200);
        assert_eq!(on(&server, "verify", "domain.ltd", &[("product_id", "1")]), 210);
        // Again: it is there already, and the trail has no second entry.
        let entries = server.command(&["audit", "list"]);
        server.command(&["license", "move", KEY, "--product", name]);
        assert_eq!(server.command(&["audit", "list"]), entries);
        server.command(&["license", "move", KEY, "--product", "1"]);
        assert_eq!(license(&server), before);
    }
    let entries = server.command(&["audit", "list", "--license", KEY]);
    let last = entries.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["change"], &last["detail"]),
        (&json!("moved"), &json!("assigned, limit 0, validity 0; product 2 -> 1"))
    );
    for unknown in ["9", "the third", ""] {
        refusal(&server, &["move", KEY, "--product", unknown]);
    }
}
