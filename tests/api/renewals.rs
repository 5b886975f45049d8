//! Renewals: one table of values through the API and the command line, and what only one of them has.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer, try_keyseal};

const KEY: &str = "KEY-1";

/// Days and hours before now, as `assigned_at`.
fn ago(days: i64, hours: i64) -> String {
    let moment = Timestamp::now() - SignedDuration::from_hours(days * 24 + hours);
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn license(server: &TestServer) -> Value {
    server.command(&["license", "list"])[0].clone()
}

fn renew(server: &TestServer, fields: &[(&str, &str)]) -> Answer {
    server.post("renew-license-key", &[&[("license_key", "key-1")][..], fields].concat())
}

#[derive(Clone, Copy, Debug)]
enum Door {
    Api,
    Command,
}

impl Door {
    /// Renews the license. Gives the validity that it has then; none if it was refused, and nothing written.
    fn renew(self, server: &TestServer, field: &str, value: &str) -> Option<i64> {
        let before = license(server);
        let accepted = match self {
            Self::Api => {
                let answer = renew(server, &[(field, value)]);
                assert_eq!(answer.signer, "product");
                let done = answer.code == 1944;
                assert!(
                    done || answer.code == 1945 && answer.fields["errors"][field].is_array(),
                    "{answer:?}"
                );
                if done {
                    assert_eq!(answer.fields["old_expires_at"], before["expires_at"]);
                    assert_eq!(answer.fields["old_validity"], before["validity"]);
                    assert_eq!(answer.fields["expires_at"], license(server)["expires_at"]);
                }
                done
            }
            Self::Command => {
                let option = format!("--{field}={value}");
                try_keyseal(server.data(), &["license", "renew", KEY, &option]).0
            }
        };
        let after = license(server);
        for kept in ["status", "assigned_at", "activation_limit", "owner_email", "product_id"] {
            assert_eq!(after[kept], before[kept], "{kept}");
        }
        if !accepted {
            assert_eq!(after, before, "{self:?} {field}={value}");
        }
        accepted.then(|| after["validity"].as_i64().unwrap())
    }
}

/// A status, a validity and an `assigned_at`, which may be empty.
type Before<'a> = (&'a str, i64, &'a str);

fn add(server: &TestServer, (status, validity, assigned_at): Before<'_>) {
    let validity = validity.to_string();
    let mut words = vec!["license", "create", "--product", "1", "--key", KEY];
    words.extend(["--status", status, "--validity", &validity, "--owner-email", "jane@example.com"]);
    if !assigned_at.is_empty() {
        words.extend(["--assigned-at", assigned_at]);
    }
    server.command(&words);
}

#[test]
fn every_door_renews_by_the_same_rule() {
    let server = TestServer::start();
    let (running, expired, last_day) = (ago(100, 12), ago(400, 12), ago(364, 12));
    let fixed = "2024-02-27 03:05:31";
    let cases: &[(Before<'_>, &str, &str, Option<i64>)] = &[
        // From the expiry, or from now if that is later.
        (("assigned", 365, &running), "days", "30", Some(395)),
        (("assigned", 365, &last_day), "days", "30", Some(395)),
        (("assigned", 365, &expired), "days", "30", Some(431)),
        (("blocked", 365, &running), "days", "30", Some(395)),
        (("blocked", 365, &expired), "days", "1", Some(402)),
        // One that is not assigned gets more days.
        (("available", 365, ""), "days", "30", Some(395)),
        (("reserved", 30, ""), "days", "365", Some(395)),
        (("available", 365, ""), "until", "2099-12-31", None),
        (("reserved", 365, ""), "until", "2099-12-31", None),
        // A day ends with its last second; days are rounded up.
        (("assigned", 30, fixed), "until", "2099-12-31", Some(27_702)),
        (("assigned", 99_999, fixed), "until", "2099-12-31", Some(27_702)),
        (("assigned", 1, "2024-02-29 00:00:00"), "until", "2096-02-29", Some(26_299)),
        (("assigned", 1, "2024-01-31 00:00:00"), "until", "2096-01-31", Some(26_299)),
        (("assigned", 1, "2024-01-31 00:00:01"), "until", "2096-01-31", Some(26_299)),
        (("assigned", 1, "2024-01-31 00:00:00"), "until", "2096-01-31T00:00:00Z", Some(26_298)),
        (("assigned", 1, "2024-01-31 00:00:00"), "until", "2096-01-31 00:00:01", Some(26_299)),
        (("assigned", 30, &running), "until", "2001-01-01", None),
        (("assigned", 30, "2098-01-01 00:00:00"), "until", "2097-12-31", None),
        (("assigned", 30, fixed), "until", "2097-02-29", None),
        (("assigned", 30, fixed), "until", "tomorrow", None),
        (("assigned", 30, fixed), "until", "9999-12-30", Some(2_913_116)),
        // One without an end can't be renewed.
        (("assigned", 0, fixed), "days", "30", None),
        (("assigned", 0, fixed), "until", "2099-12-31", None),
        (("available", 0, ""), "days", "30", None),
        // The largest validity, and numbers that are none.
        (("available", 2_147_483_646, ""), "days", "1", Some(2_147_483_647)),
        (("available", 2_147_483_647, ""), "days", "1", None),
        (("assigned", 1, "2090-01-01 00:00:00"), "days", "2147483646", Some(2_147_483_647)),
        (("assigned", 1, "2090-01-01 00:00:00"), "days", "2147483647", None),
        (("assigned", 30, fixed), "days", "2147483648", None),
        (("assigned", 30, fixed), "days", "99999999999999999999", None),
        (("assigned", 30, fixed), "days", "0", None),
        (("assigned", 30, fixed), "days", "-1", None),
        (("assigned", 30, fixed), "days", "1.5", None),
        (("assigned", 30, fixed), "days", "many", None),
    ];
    for (before, field, value, expected) in cases {
        for door in [Door::Api, Door::Command] {
            add(&server, *before);
            assert_eq!(door.renew(&server, field, value), *expected, "{door:?} {before:?} {field}={value}");
            server.command(&["license", "delete", KEY]);
        }
    }
}

#[test]
fn the_command_renews_by_calendar_years_too() {
    let server = TestServer::start();
    for (before, years, expires_at) in [
        // 365 days later it is the 29th of February 2064, which 2065 doesn't have and 2068 has.
        (("assigned", 365, "2063-03-01 12:00:00"), "1", json!("2065-02-28 12:00:00")),
        (("assigned", 365, "2063-03-01 12:00:00"), "4", json!("2068-02-29 12:00:00")),
        (("assigned", 31, "2063-01-31 23:59:59"), "2", json!("2065-03-03 23:59:59")),
        (("available", 365, ""), "1", Value::Null),
    ] {
        add(&server, before);
        let renewed = server.command(&["license", "renew", KEY, "--years", years]);
        assert_eq!(renewed["expires_at"], expires_at, "{before:?}");
        assert_eq!(renewed["old_validity"], before.1);
        if expires_at.is_null() {
            assert!([730, 731].contains(&renewed["validity"].as_i64().unwrap()), "{renewed}");
        }
        server.command(&["license", "delete", KEY]);
    }
    add(&server, ("assigned", 365, "2063-03-01 12:00:00"));
    for years in ["0", "-1", "7936", "99999999"] {
        assert!(!try_keyseal(server.data(), &["license", "renew", KEY, "--years", years]).0, "{years}");
    }
    assert_eq!(license(&server)["validity"], 365);
}

#[test]
fn a_renewed_license_is_valid_again_and_the_trail_says_from_when_to_when() {
    let server = TestServer::start();
    let expired = License { validity: 30, assigned_at: &ago(40, 12), ..License::default() };
    server.add_license(&expired);
    let verify = || server.post("verify", &[("license_key", KEY), ("identifier", "domain.ltd")]).code;
    assert_eq!(verify(), 205);
    let old = license(&server)["expires_at"].as_str().unwrap().to_owned();
    assert_eq!(renew(&server, &[("days", "1")]).code, 1944);
    assert_eq!(verify(), 200);
    let new = license(&server)["expires_at"].as_str().unwrap().to_owned();
    let entries = server.command(&["audit", "list", "--license", KEY]);
    let last = entries.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["action"], &last["change"]), (&json!("renew-license-key"), &json!("renewed")));
    let detail = format!("assigned, limit 0, validity 30 -> 42; expires {old} -> {new}");
    assert_eq!(last["detail"], json!(detail));
}

#[test]
fn what_a_renewal_needs_is_named() {
    let server = TestServer::start();
    server.add_license(&License { validity: 30, ..License::default() });
    for (fields, field, message) in [
        (&[][..], "days", "The days field is required when until is not present."),
        (&[("days", "")], "days", "The days field is required when until is not present."),
        (&[("days", "1"), ("until", "2099-12-31")], "until", "The until field can't be sent with days."),
        (&[("days", "x"), ("until", "y")], "until", "The until field must be a valid date."),
        (
            &[("until", "2001-01-01")],
            "until",
            "The license can't be renewed: it would have ended at 2001-01-02 00:00:00.",
        ),
    ] {
        let answer = renew(&server, fields);
        assert_eq!((answer.code, answer.signer.as_str()), (1945, "product"), "{fields:?}");
        assert_eq!(answer.fields["errors"][field][0], message, "{answer:?}");
    }
    let unknown = server.post("renew-license-key", &[("license_key", "NOPE"), ("days", "1")]);
    assert_eq!((unknown.code, unknown.signer.as_str()), (210, "global"));
    assert_eq!(renew(&server, &[("days", "1"), ("product_id", "2")]).code, 210);
    // A product that is gone, or not active, is no hindrance: the license is its customer's.
    server.command(&["product", "delete", "1", "--even-with-licenses"]);
    assert_eq!(renew(&server, &[("days", "1")]).code, 1944);
}

#[test]
fn a_repeated_renewal_renews_once() {
    let server = TestServer::start();
    server.add_license(&License { validity: 30, assigned_at: &ago(1, 0), ..License::default() });
    let send = |repeat: &str, days: &str| {
        let fields = [("api_key", server.api_key.as_str()), ("license_key", KEY), ("days", days)];
        server.post_with_headers("renew-license-key", &[("Idempotency-Key", repeat)], &fields)
    };
    let first = send("order-1", "365");
    assert_eq!((first.code, &first.fields["validity"]), (1944, &json!(395)));
    assert_eq!(send("order-1", "365").body, first.body);
    assert_eq!(license(&server)["validity"], 395);
    assert_eq!(send("order-2", "365").fields["validity"], 760);
    assert_eq!(send("order-1", "1").fields["validity"], 761);
}
