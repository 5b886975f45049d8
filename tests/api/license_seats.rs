//! The activations of a license as its vendor sees them, and the release of one.

use serde_json::{Value, json};

use crate::support::{Answer, License, Receiver, TestServer};

fn server() -> TestServer {
    TestServer::start_with(|config| config.webhooks.allow_private_targets = true)
}

fn seats(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/api/v1/get-license-key-activations?api_key={}&{query}", server.api_key))
}

fn identifiers(answer: &Answer) -> Vec<&str> {
    let seats = answer.fields["activations"].as_array().unwrap();
    seats.iter().map(|seat| seat["identifier"].as_str().unwrap()).collect()
}

fn release(server: &TestServer, identifier: &str) -> Answer {
    server.post("release-activation", &[("license_key", "key-1"), ("identifier", identifier)])
}

#[test]
fn the_activations_are_listed_with_all_that_is_known_of_them() {
    let server = server();
    server.add_license(&License { activation_limit: 3, identifiers: &["Desk PC"], ..License::default() });
    let url = "https://shop.example/gone";
    let fields = [("license_key", "KEY-1"), ("identifier", "laptop"), ("post_url", url)];
    assert_eq!(server.post("activate", &fields).code, 300);
    let all = seats(&server, "license_key=key-1");
    assert_eq!((all.code, all.signer.as_str()), (1941, "product"));
    assert_eq!((&all.fields["activation_limit"], &all.fields["count"]), (&json!(3), &json!(2)));
    let [desk, laptop] = all.fields["activations"].as_array().unwrap().as_slice() else { panic!("{all:?}") };
    assert_eq!(
        (&desk["identifier"], &desk["address"], &desk["post_url"]),
        (&json!("Desk PC"), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&laptop["identifier"], &laptop["address"], &laptop["post_url"]),
        (&json!("laptop"), &json!("127.0.0.1"), &json!(url))
    );
    let activated_at = laptop["activated_at"].as_str().unwrap();
    assert!(
        activated_at.parse::<jiff::civil::DateTime>().is_ok() && activated_at.len() == 19,
        "{activated_at}"
    );
    let second = seats(&server, "license_key=KEY-1&items_per_page=1&page=2");
    assert_eq!((identifiers(&second), &second.fields["count"]), (vec!["laptop"], &json!(2)));
    for (query, code) in [
        ("license_key=NOPE", 210),
        ("", 210),
        ("license_key=KEY-1&product_id=2", 210),
        ("license_key=KEY-1&page=0", 1902),
        ("license_key=KEY-1&items_per_page=1001", 1913),
    ] {
        assert_eq!(seats(&server, query).code, code, "{query}");
    }
}

#[test]
fn the_vendor_sees_the_seats_of_a_license_in_any_state() {
    let server = server();
    server.add_license(&License::default());
    for (change, words) in [
        ("blocked", &["license", "update", "KEY-1", "--status", "blocked"][..]),
        ("of an inactive product", &["product", "update", "1", "--inactive"]),
        ("of a deleted product", &["product", "delete", "1", "--even-with-licenses"]),
    ] {
        server.command(words);
        assert_eq!(identifiers(&seats(&server, "license_key=KEY-1")), ["domain.ltd"], "{change}");
    }
    assert_eq!(seats(&server, "license_key=KEY-1").signer, "global");
    assert_eq!(release(&server, "domain.ltd").code, 1942);
}

#[test]
fn a_released_seat_is_free_for_another_and_its_webhook_is_told() {
    let receiver = Receiver::answering(&[200]);
    let server = server();
    server.add_license(&License { activation_limit: 2, identifiers: &[], ..License::default() });
    let activate = |identifier: &str| {
        let url = receiver.url("/gone");
        let fields = [("license_key", "KEY-1"), ("identifier", identifier), ("post_url", url.as_str())];
        server.post("activate", &fields).code
    };
    assert_eq!(["Lost", "kept"].map(activate), [300, 300]);
    assert_eq!(activate("new"), 302);
    let missing = release(&server, "elsewhere");
    assert_eq!(
        (missing.code, missing.signer.as_str(), identifiers(&missing)),
        (1943, "product", vec!["Lost", "kept"])
    );
    let released = release(&server, " LOST ");
    assert_eq!((released.code, released.signer.as_str()), (1942, "product"));
    assert_eq!((&released.fields["identifier"], &released.fields["count"]), (&json!("Lost"), &json!(1)));
    assert_eq!(identifiers(&released), ["kept"]);
    let message = server.answer(200, &receiver.next().body);
    assert_eq!(
        (message.code, json!(message.fields)),
        (400, json!({ "license_key": "KEY-1", "identifier": "Lost" }))
    );
    assert_eq!(activate("new"), 300);
    assert_eq!(release(&server, "Lost").code, 1943);
    assert_eq!(server.post("release-activation", &[("license_key", "KEY-1")]).code, 215);
    assert_eq!(server.post("release-activation", &[("license_key", "NOPE"), ("identifier", "x")]).code, 210);
    receiver.expect_silence();
}

#[test]
fn a_repeated_release_ends_one_activation_and_gets_the_same_answer() {
    let server = server();
    server.add_license(&License { identifiers: &["a", "b"], ..License::default() });
    let fields = [("api_key", server.api_key.as_str()), ("license_key", "KEY-1"), ("identifier", "a")];
    let send = || server.post_with_headers("release-activation", &[("Idempotency-Key", "1")], &fields);
    let first = send();
    assert_eq!(first.code, 1942);
    // Active again in the meantime: the repetition must not end it.
    assert_eq!(server.post("activate", &fields[1..]).code, 300);
    assert_eq!(send().body, first.body);
    assert_eq!(identifiers(&seats(&server, "license_key=KEY-1")), ["b", "a"]);
}

#[test]
fn the_command_releases_one_the_oldest_or_all_and_tells_who_is_left() {
    let receiver = Receiver::answering(&[200]);
    let server = server();
    server.add_license(&License { identifiers: &[], ..License::default() });
    for identifier in ["first", "Second", "third", "fourth"] {
        let url = receiver.url("/gone");
        let fields = [("license_key", "KEY-1"), ("identifier", identifier), ("post_url", url.as_str())];
        assert_eq!(server.post("activate", &fields).code, 300);
    }
    // The first one is the newest from now on.
    for endpoint in ["deactivate", "activate"] {
        server.post(endpoint, &[("license_key", "KEY-1"), ("identifier", "first")]);
    }
    for (options, released, left) in [
        (&["--oldest"][..], json!(["Second"]), json!(["third", "fourth", "first"])),
        (&["--identifier", "FOURTH"], json!(["fourth"]), json!(["third", "first"])),
        (&["--all"], json!(["third", "first"]), json!([])),
    ] {
        let result = server.command(&[&["license", "release", "key-1"], options].concat());
        assert_eq!((&result["released"], &result["left"]), (&released, &left), "{options:?}");
    }
    let mut told: Vec<String> = (0..3)
        .map(|_| {
            let message = server.answer(200, &receiver.next().body);
            message.fields["identifier"].as_str().unwrap().to_owned()
        })
        .collect();
    told.sort();
    // The last one has no post_url: it was activated again without.
    assert_eq!(told, ["Second", "fourth", "third"]);
    receiver.expect_silence();
    let entries = server.command(&["audit", "list", "--license", "KEY-1"]);
    let released = entries.as_array().unwrap().iter().filter(|entry| entry["action"] == "license release");
    let details: Vec<&str> = released.map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert_eq!(details, ["Second", "fourth", "third", "first"]);
}
