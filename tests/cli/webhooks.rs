//! Webhooks: listed, shown, tested and sent again by commands.

use std::time::Instant;

use keyseal_test_support::{Receiver, post_form};
use serde_json::{Value, json};

use crate::support::{Server, contains, create_license, done, initialized, keyseal, program, refused};

/// Ends an activation with a `post_url`, whose webhook is to a private address and so fails at once.
fn with_a_failed_webhook(data: &std::path::Path, url: &str) {
    let key = done(data, &["api-key", "create", "--name", "k", "--capability", "*"])["api_key"].clone();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "K", &["--status", "assigned"]);
    let server = Server::start(data);
    let (_, body) = post_form(
        &format!("{}/api/v1/activate", server.url()),
        &[("api_key", key.as_str().unwrap()), ("license_key", "K"), ("identifier", "a"), ("post_url", url)],
    );
    contains(&body, &["\"code\":300"]);
    done(data, &["license", "deactivate", "K", "--identifier", "a"]);
    let started = Instant::now();
    while done(data, &["webhook", "list", "--state", "failed"]) == json!([]) {
        assert!(started.elapsed().as_secs() < 30, "the webhook was not tried");
        std::thread::yield_now();
    }
}

#[test]
fn a_webhook_is_listed_shown_and_sent_again_under_its_new_name_and_its_old_one() {
    let data = initialized();
    let data = data.path();
    with_a_failed_webhook(data, "http://127.0.0.1:9/ended");
    let listed = done(data, &["webhook", "list"]);
    assert_eq!(listed, done(data, &["callback", "list"]));
    let shown = done(data, &["webhook", "show", "1"]);
    let message = json!({ "license_key": "K", "identifier": "a", "code": "400" });
    for (field, value) in message.as_object().unwrap() {
        assert_eq!(&shown["message"][field], value);
    }
    let body: Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["response"], shown["message"]);
    assert_eq!(
        (&shown["state"], &shown["attempts"], &shown["kind"]),
        (&json!("failed"), &json!(1), &json!("deactivation"))
    );
    let text = String::from_utf8(keyseal(data, &["webhook", "show", "1"]).stdout).unwrap();
    contains(
        &text,
        &[
            "webhook 1, deactivation, failed",
            "url         http://127.0.0.1:9/ended",
            "last error  127.0.0.1 is not a public address",
            "\"license_key\":\"K\"",
        ],
    );
    assert_eq!(done(data, &["callback", "retry", "1"]), json!({ "id": 1, "state": "pending" }));
    contains(
        &String::from_utf8(keyseal(data, &["webhook", "show", "1"]).stdout).unwrap(),
        &["attempts    0, the next at "],
    );
    contains(
        &String::from_utf8(keyseal(data, &["audit", "list"]).stdout).unwrap(),
        &["webhook retry", "webhook 1 sent again"],
    );
    for command in [["webhook", "show", "9"], ["webhook", "retry", "9"]] {
        contains(&refused(data, &command), &["there is no webhook 9", "keyseal webhook list"]);
    }
    let help = String::from_utf8(program().arg("--help").output().unwrap().stdout).unwrap();
    assert!(help.contains("  webhook ") && !help.contains("callback"), "{help}");
}

#[test]
fn a_test_message_is_signed_and_its_status_and_time_are_printed() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P", "--own-key"]);
    let receiver = Receiver::answering(&[204, 200, 500, 302]);
    let url = receiver.url("/hook?a=b");
    let test = |words: &[&str]| {
        keyseal(data, &[&["webhook", "test", &url, "--allow-private-targets"], words].concat())
    };
    for (words, signer, key) in
        [(&[][..], "global", "global-public.pem"), (&["--product", "P"], "product", "product-public.pem")]
    {
        let output = test(words);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        contains(
            &String::from_utf8(output.stdout).unwrap(),
            &["delivered to ", &url, "HTTP status 20", " ms"],
        );
        let posted = receiver.next();
        assert_eq!(posted.line, "POST /hook?a=b HTTP/1.1");
        contains(&posted.head, &["content-type: application/json"]);
        contains(&posted.body, &["\"license_key\":\"WEBHOOK-TEST-", signer]);
        let (reply, public) = (data.join("reply.json"), data.join(key));
        std::fs::write(&reply, &posted.body).unwrap();
        let product = if signer == "product" { &["--product", "1"][..] } else { &[] };
        let pem = keyseal(data, &[&["signing-key", "public"], product].concat()).stdout;
        std::fs::write(&public, pem).unwrap();
        let check = ["check-reply", reply.to_str().unwrap(), "--public-key", public.to_str().unwrap()];
        contains(&String::from_utf8(keyseal(data, &check).stdout).unwrap(), &["valid: signed by this key"]);
    }
    // Neither a failure nor a redirect is a success, and nothing is tried again or recorded.
    for status in [500, 302] {
        let output = keyseal(data, &["--json", "webhook", "test", &url, "--allow-private-targets"]);
        assert_eq!(output.status.code(), Some(1));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&value["delivered"], &value["status"]), (&json!(false), &json!(status)));
        contains(&String::from_utf8(output.stderr).unwrap(), &[&format!("HTTP status {status}"), " ms"]);
        receiver.next();
    }
    receiver.expect_silence();
    assert_eq!(done(data, &["webhook", "list"]), json!([]));
}

#[test]
fn a_test_message_obeys_the_rules_for_all_webhooks() {
    let data = initialized();
    let data = data.path();
    let receiver = Receiver::answering(&[200]);
    let url = receiver.url("/");
    contains(
        &refused(data, &["webhook", "test", &url]),
        &["127.0.0.1 is not a public address", "--allow-private-targets"],
    );
    contains(&refused(data, &["webhook", "test", "ftp://x.example/"]), &["not an http or https URL"]);
    receiver.expect_silence();
    // The setting counts wherever it is set.
    std::fs::write(data.join("keyseal.toml"), "allow-private-targets = true\n").unwrap();
    assert_eq!(done(data, &["webhook", "test", &url])["status"], 200);
}
