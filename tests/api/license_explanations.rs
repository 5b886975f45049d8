//! `GET /explain-license-key`.

use std::num::NonZeroU32;
use std::time::Duration;

use keyseal::Rate;
use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer};

fn explain(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/api/v1/explain-license-key?api_key={}&{query}", server.api_key))
}

/// The names of the steps with their states.
fn states(answer: &Answer) -> Vec<(&str, &str)> {
    let steps = answer.fields["steps"].as_array().unwrap();
    let numbers: Vec<u64> = steps.iter().map(|step| step["step"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=steps.len() as u64).collect::<Vec<_>>());
    steps.iter().map(|step| (step["name"].as_str().unwrap(), step["state"].as_str().unwrap())).collect()
}

fn step(number: u8, name: &str, state: &str, text: &str) -> Value {
    json!({ "step": number, "name": name, "state": state, "text": text })
}

#[test]
fn a_refusal_is_explained_step_by_step() {
    let server = TestServer::start();
    server.add_license(&License {
        validity: 30,
        assigned_at: "2026-01-01 00:00:00",
        activation_limit: 1,
        ..License::default()
    });
    let answer = explain(&server, "license_key=key-1&identifier=domain.ltd&at=2026-02-03%2012:00:00");
    assert_eq!((answer.status, answer.code, answer.message.as_str()), (200, 1940, "License explained"));
    assert_eq!(answer.signer, "product");
    let expected = json!({
        "endpoint": "verify",
        "license_key": "KEY-1",
        "identifier": "domain.ltd",
        "at": "2026-02-03 12:00:00",
        "answer_code": 205,
        "answer_message": "License key expired",
        "steps": [
            step(1, "blocklist", "passed", "\"domain.ltd\" is not on the blocklist"),
            step(2, "license_key", "passed", "license 1 has this key"),
            step(3, "product", "passed", "product 1 \"With a key\" is active"),
            step(4, "identifier", "passed", "\"domain.ltd\" was sent"),
            step(5, "not_blocked", "passed", "the license is not blocked"),
            step(6, "assigned", "passed", "the license is assigned since 2026-01-01 00:00:00"),
            step(7, "not_expired", "refused", "the license expires 3 days before then, on 2026-01-31 00:00:00"),
            step(8, "active", "not_reached", ""),
        ],
        "fix": "keyseal license renew KEY-1 --days 30",
    });
    assert_eq!(Value::Object(answer.fields), expected);
    let at = "license_key=KEY-1&at=2026-01-30%2023:59:59";
    assert_eq!(explain(&server, at).fields["answer_code"], 200);
    assert_eq!(explain(&server, &format!("{at}&endpoint=activate")).fields["answer_code"], 302);
    let activated = server.post("activate", &[("license_key", "KEY-1"), ("identifier", "other")]);
    assert_eq!(activated.code, 205);
}

#[test]
fn an_explanation_changes_nothing() {
    let server = TestServer::start();
    server.add_license(&License { activation_limit: 1, identifiers: &[], ..License::default() });
    for endpoint in ["activate", "activate", "create-license-key-meta"] {
        let answer = explain(&server, &format!("license_key=KEY-1&identifier=pc&endpoint={endpoint}"));
        let expected = if endpoint == "activate" { 300 } else { 202 };
        assert_eq!(answer.fields["answer_code"], expected);
    }
    let fields = [("license_key", "KEY-1"), ("identifier", "pc")];
    assert_eq!(server.post("verify", &fields).code, 202);
    assert_eq!(server.post("activate", &fields).code, 300);
    let already = explain(&server, "license_key=KEY-1&identifier=PC&endpoint=activate");
    assert_eq!((already.fields["answer_code"].as_i64(), already.fields["fix"].as_str()), (Some(301), None));
    let deactivation = explain(&server, "license_key=KEY-1&identifier=pc&endpoint=deactivate");
    assert_eq!(deactivation.fields["answer_code"], 400);
    assert_eq!(server.post("verify", &fields).code, 200);
}

#[test]
fn an_unknown_or_missing_key_is_a_finding() {
    let server = TestServer::start();
    for (query, key, text) in [
        ("license_key=NOBODY&identifier=pc", json!("NOBODY"), "no license has this key"),
        ("identifier=pc", Value::Null, "no license key was sent"),
    ] {
        let answer = explain(&server, query);
        assert_eq!((answer.code, answer.signer.as_str()), (1940, "global"));
        assert_eq!(answer.fields["answer_code"], 210);
        assert_eq!((&answer.fields["license_key"], &answer.fields["fix"]), (&key, &Value::Null));
        assert_eq!(states(&answer)[1], ("license_key", "refused"));
        assert_eq!(answer.fields["steps"][1]["text"], text);
        assert!(states(&answer)[2..].iter().all(|(_, state)| *state == "not_reached"));
    }
}

#[test]
fn a_blocked_identifier_is_explained_and_refused_elsewhere() {
    let server = TestServer::start();
    server.add_license(&License::default());
    server.command(&["block", "add", "--domain", "domain.ltd"]);
    let answer = explain(&server, "license_key=KEY-1&identifier=www.domain.ltd");
    assert_eq!((answer.code, answer.fields["answer_code"].as_i64()), (1940, Some(150)));
    assert_eq!(states(&answer)[0], ("blocklist", "refused"));
    assert_eq!(answer.fields["fix"], "keyseal block remove --domain domain.ltd");
    let verified = server.post("verify", &[("license_key", "KEY-1"), ("identifier", "www.domain.ltd")]);
    assert_eq!(verified.code, 150);
    server.command(&["block", "add", "--ip", "127.0.0.1"]);
    assert_eq!(explain(&server, "license_key=KEY-1").code, 150);
}

#[test]
fn a_blank_identifier_is_none_and_a_missing_one_is_assumed() {
    let server = TestServer::start();
    server.add_license(&License { identifiers: &["first", "last"], ..License::default() });
    let blank = explain(&server, "license_key=KEY-1&identifier=%20");
    assert_eq!(
        (blank.fields["answer_code"].as_i64(), &blank.fields["identifier"]),
        (Some(215), &Value::Null)
    );
    let assumed = explain(&server, "license_key=KEY-1");
    assert_eq!(
        (assumed.fields["answer_code"].as_i64(), assumed.fields["identifier"].as_str()),
        (Some(200), Some("last"))
    );
}

#[test]
fn a_field_that_cannot_be_read_is_refused_by_its_name() {
    let server = TestServer::start();
    let long = "x".repeat(256);
    for (query, code, field) in [
        ("at=tomorrow", 1902, "at"),
        ("endpoint=delete-product", 1902, "endpoint"),
        (&format!("identifier={long}"), 1913, "identifier"),
        (&format!("license_key={long}"), 1913, "license_key"),
    ] {
        let answer = explain(&server, query);
        assert_eq!((answer.code, answer.fields["field"].as_str()), (code, Some(field)), "{query:.20}");
    }
}

#[test]
fn its_capability_is_in_no_preset() {
    let server = TestServer::start();
    server.add_license(&License::default());
    for (capability, code) in [("client", 102), ("shop", 102), ("explain-license-key", 1940), ("admin", 1940)]
    {
        let api_key = server.add_api_key(&["--capability", capability]);
        let path = format!("/v1/explain-license-key?license_key=KEY-1&api_key={api_key}");
        assert_eq!(server.get(&path).code, code, "{capability}");
    }
}

#[test]
fn wrong_keys_are_guesses_here_too() {
    let guesses = Rate { burst: NonZeroU32::new(2).unwrap(), every: Duration::from_hours(1) };
    let server = TestServer::start_with(|config| config.limits.rates.guesses = Some(guesses));
    server.add_license(&License { identifiers: &[], ..License::default() });
    let client = server.add_api_key(&["--capability", "explain-license-key"]);
    let ask = |key: &str, product: &str| {
        let path = format!("/v1/explain-license-key?license_key={key}&product_id={product}&api_key={client}");
        server.get(&path).code
    };
    assert_eq!([ask("KEY-1", "1"), ask("WRONG", "1"), ask("KEY-1", "2")], [1940, 1940, 1940]);
    assert_eq!([ask("WRONG", "1"), ask("KEY-1", "1")], [1929, 1929]);
    // One that may list all license keys guesses none.
    assert_eq!(explain(&server, "license_key=WRONG").code, 1940);
}
