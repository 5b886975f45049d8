//! What a webhook is told, and what is in it.

use serde_json::{Value, json};

use super::{QUEUE, add_to_pool, assigned, expect_queued, queue, server, unwrapped, wait, wait_for};
use crate::support::{License, Received, Receiver, execute, try_keyseal};

#[test]
fn what_became_of_a_queued_request_is_posted_to_its_webhook() {
    let server = server();
    add_to_pool(&server, 2);
    let receiver = Receiver::answering(&[200]);
    expect_queued(&queue(&server, &receiver.url("/?keevault-webhook=a%2Fb"), "31"));
    let message = receiver.next();
    assert_eq!(message.line, "POST /?keevault-webhook=a%2Fb HTTP/1.1");
    assert!(message.head.lines().any(|line| line == "content-type: application/json"), "{}", message.head);
    let answer = unwrapped(&server, &message);
    assert_eq!((answer.code, answer.message.as_str()), (803, "License keys assigned"));
    assert_eq!(answer.signer, "global");
    let fields: Vec<&str> = answer.fields.keys().map(String::as_str).collect();
    assert_eq!(fields, ["license_keys", "identifier"]);
    assert_eq!(answer.fields["license_keys"].as_array().unwrap().len(), 1);
    assert_eq!(answer.fields["identifier"], "31");
    let sent = wait_for(&server, "delivered", 1);
    assert_eq!((&sent[0]["kind"], &sent[0]["attempts"]), (&json!("assignment"), &json!(1)));
    assert_eq!(sent[0]["last_error"], Value::Null);
    assert_eq!(assigned(&server), 1);
}

#[test]
fn an_identifier_comes_back_with_the_type_it_was_sent_with() {
    let server = server();
    let receiver = Receiver::answering(&[200]);
    let (scalars, others) =
        ([json!(31), json!("31"), json!(true), json!(1.5)], [json!(null), json!(" "), json!([1]), json!({})]);
    for (number, identifier) in scalars.iter().chain(&others).enumerate() {
        // Another URL each time: "31" and 31 are the same request.
        let url = receiver.url(&format!("/?{number}"));
        let body = json!({ "product_id": 99, "identifier": identifier, "webhook_url": url });
        expect_queued(&server.post_json(QUEUE, &body));
        let answer = unwrapped(&server, &receiver.next());
        let expected = Some(identifier).filter(|_| number < scalars.len());
        assert_eq!(answer.fields.get("identifier"), expected);
        assert_eq!(answer.fields.len(), usize::from(expected.is_some()));
    }
}

#[test]
fn what_is_refused_is_told_to_the_webhook_and_leaves_nothing_behind() {
    let server = server();
    add_to_pool(&server, 2);
    let receiver = Receiver::answering(&[200]);
    let url = receiver.url("/");
    let common = [("webhook_url", url.as_str()), ("identifier", "7")];
    for (fields, code, message, available) in [
        (&[("product_id", "1"), ("quantity", "3")][..], 802, "Insufficient license keys", Some(2)),
        (&[("product_id", "99"), ("quantity", "1")], 805, "Product not found", None),
        (&[("quantity", "1")], 805, "Product not found", None),
        (&[("product_id", "1"), ("generate", "1")], 806, "Generator not found", None),
    ] {
        expect_queued(&server.post(QUEUE, &[&common, fields].concat()));
        let answer = unwrapped(&server, &receiver.next());
        assert_eq!((answer.code, answer.message.as_str(), answer.signer.as_str()), (code, message, "global"));
        let mut expected = serde_json::Map::new();
        if let Some(available) = available {
            expected.insert("available_quantity".to_owned(), available.into());
        }
        expected.insert("identifier".to_owned(), "7".into());
        assert_eq!(Value::Object(answer.fields).to_string(), Value::Object(expected).to_string());
    }
    assert_eq!(assigned(&server), 0);
}

#[test]
fn a_webhook_that_is_no_url_is_on_record_as_failed() {
    let server = server();
    add_to_pool(&server, 3);
    let long = format!("http://127.0.0.1/{}", "x".repeat(2048));
    for (number, url, error) in [
        (1, "ftp://127.0.0.1/", "the URL is not an http or https URL"),
        (2, "shop", "the URL is not an http or https URL"),
        (3, long.as_str(), "the URL is longer than 2048 bytes"),
    ] {
        expect_queued(&queue(&server, url, "1"));
        let failed = wait_for(&server, "failed", number);
        let last = failed.last().unwrap();
        assert_eq!((&last["attempts"], &last["last_error"]), (&json!(0), &json!(error)));
    }
    assert_eq!(assigned(&server), 3);
    assert!(!try_keyseal(server.data(), &["webhook", "retry", "1"]).0);
    assert!(!try_keyseal(server.data(), &["webhook", "retry", "99"]).0);
}

#[test]
fn without_a_webhook_the_keys_are_assigned_and_nobody_is_told() {
    let server = server();
    add_to_pool(&server, 2);
    let fields = [("product_id", "1"), ("quantity", "1")];
    expect_queued(&server.post(QUEUE, &fields));
    wait(|| (assigned(&server) == 1).then_some(()));
    assert_eq!(server.command(&["webhook", "list"]), json!([]));
}

#[test]
fn who_asked_for_it_is_told_when_an_activation_is_ended_by_others() {
    let server = server();
    let (own, of_product) = (Receiver::answering(&[200]), Receiver::answering(&[200]));
    execute(&server, &format!("UPDATE products SET post_url = '{}' WHERE id = 1", of_product.url("/p")));
    let not_activated = License { identifiers: &[], ..License::default() };
    server.add_license(&License { key: "DELETED", ..not_activated });
    server.add_license(&License { key: "BLOCKED", product: 2, ..not_activated });
    let url = own.url("/receiver.php?x=a%20b");
    for (license_key, identifier, post_url) in [
        ("DELETED", "a.example", url.as_str()),
        ("DELETED", "b.example", ""),
        ("DELETED", "c.example", &url),
        ("BLOCKED", "a.example", &url),
        ("BLOCKED", "b.example", ""),
    ] {
        let fields = [("license_key", license_key), ("identifier", identifier), ("post_url", post_url)];
        assert_eq!(server.post("activate", &fields).code, 300);
    }
    // Its own client knows.
    let fields = [("license_key", "DELETED"), ("identifier", "c.example")];
    assert_eq!(server.post("deactivate", &fields).code, 400);

    assert_eq!(server.post("delete-license-key", &[("license_key", "deleted")]).code, 850);
    let block = [("license_key", "BLOCKED"), ("status", "blocked")];
    for _ in 0..2 {
        assert_eq!(server.post("update-license-key", &block).code, 950);
    }
    let told = |received: &Received, license_key: &str, identifier: &str, signer: &str| {
        let answer = server.answer(200, &received.body);
        assert_eq!((answer.code, answer.message.as_str()), (400, "License key deactivated"));
        assert_eq!(answer.signer, signer);
        let start = format!(
            concat!(
                r#"{{"code":"400","message":"License key deactivated","#,
                r#""license_key":"{license_key}","identifier":"{identifier}","timestamp":"#
            ),
            license_key = license_key,
            identifier = identifier
        );
        assert!(answer.response.starts_with(&start), "{}", answer.response);
    };
    let message = own.next();
    assert_eq!(message.line, "POST /receiver.php?x=a%20b HTTP/1.1");
    told(&message, "DELETED", "a.example", "product");
    told(&own.next(), "BLOCKED", "a.example", "global");
    told(&of_product.next(), "DELETED", "b.example", "product");
    own.expect_silence();
    of_product.expect_silence();
}

#[test]
fn an_identifier_over_its_limit_is_refused_by_name() {
    let server = server();
    let answer = queue(&server, "http://shop.example/", &"x".repeat(256));
    assert_eq!((answer.status, answer.code), (413, 1913));
    assert_eq!(answer.fields["field"], "identifier");
    expect_queued(&queue(&server, "http://127.0.0.1:1/", &"x".repeat(255)));
}
