//! `keyseal license explain`.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{create_license, done, initialized, keyseal};

/// A data directory with the license K, which is active on `shop.example` and expired on 2026-01-31.
fn world() -> TempDir {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "Editor"]);
    create_license(
        data.path(),
        "K",
        &[
            "--validity",
            "30",
            "--status",
            "assigned",
            "--assigned-at",
            "2026-01-01",
            "--owner-email",
            "jane@example.com",
            "--activation-limit",
            "1",
        ],
    );
    done(data.path(), &["license", "activate", "K", "--identifier", "shop.example"]);
    data
}

fn text(data: &Path, arguments: &[&str]) -> String {
    let output = keyseal(data, &[&["license", "explain"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_refusal_is_shown_with_its_step_and_what_helps() {
    let data = world();
    let shown = text(data.path(), &["k", "--at", "2026-02-03 12:00:00"]);
    let expected = format!(
        "\
license key K: verify at 2026-02-03 12:00:00
  ✓ 1 blocklist    \"shop.example\" is not on the blocklist
  ✓ 2 license key  license 1 has this key
  ✓ 3 product      product 1 \"Editor\" is active
  ✓ 4 identifier   none was given: \"shop.example\" is assumed, which was activated last
  ✓ 5 not blocked  the license is not blocked
  ✓ 6 assigned     the license is assigned to jane@example.com since 2026-01-01 00:00:00
  ✗ 7 not expired  the license expires 3 days before then, on 2026-01-31 00:00:00
  · 8 active       not reached
answer: 205 \"License key expired\"
step 7 of 8: the license expires 3 days before then, on 2026-01-31 00:00:00
to change that: keyseal license renew K --days 30 --data {}
",
        data.path().display()
    );
    assert_eq!(shown, expected);
}

#[test]
fn whatever_it_finds_it_ends_with_success() {
    let data = world();
    for (arguments, last) in [
        (&["NOBODY"][..], "step 2 of 8: no license has this key"),
        (&["K", "--at", "2026-01-02"], "answer: 200 \"Valid license key\""),
        (&["K", "--at", "2026-01-02", "--identifier", ""], "step 4 of 8: no identifier was sent"),
        (
            &["K", "--product", "Other"],
            "step 2 of 8: the license is of product 1 \"Editor\", and there is no product \"Other\"",
        ),
        (&["K", "--product", "Editor", "--endpoint", "access-downloadables"], "answer: 600 \"Downloads\""),
        (
            &["K", "--at", "2026-01-02", "--endpoint", "update-license-key-meta"],
            "answer: 353 \"Metadata updated\", if the endpoint's own fields are right",
        ),
        (&["K", "--endpoint", "deactivate"], "answer: 400 \"License key deactivated\""),
    ] {
        assert_eq!(text(data.path(), arguments).lines().last(), Some(last), "{arguments:?}");
    }
    let shown = text(data.path(), &["K", "--at", "2026-01-02", "--endpoint", "activate"]);
    assert!(shown.contains("step 8 of 8: 1 of 1 seat is taken: it is active on \"shop.example\""), "{shown}");
}

#[test]
fn a_blocked_license_is_explained_by_the_reason_of_its_block() {
    let data = world();
    done(data.path(), &["license", "block", "K", "--reason", "charged back\nanswer: 200"]);
    let shown = text(data.path(), &["K"]);
    assert!(shown.contains("step 5 of 8: the license is blocked: charged back"), "{shown}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("answer: ")).count(), 1, "{shown}");
}

#[test]
fn an_unknown_key_is_explained_with_the_keys_like_it() {
    let data = world();
    create_license(data.path(), "AAAA-BBBB-0001", &[]);
    let shown = text(data.path(), &["AAAA-BBBB-0002"]);
    assert_eq!(shown.lines().last(), Some("did you mean \"AAAA-BBBB-0001\"?"), "{shown}");
    let found = done(data.path(), &["license", "explain", "AAAA-BBBB-0002"]);
    assert_eq!(found["nearest_keys"], serde_json::json!(["AAAA-BBBB-0001"]));
}

#[test]
fn the_json_form_has_the_steps_as_a_list() {
    let data = world();
    let found = done(data.path(), &["license", "explain", "K"]);
    let names: Vec<&str> = found.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["endpoint", "license_key", "identifier", "at", "code", "message", "steps", "fix", "nearest_keys"]
    );
    assert_eq!((found["code"].as_i64(), found["identifier"].as_str()), (Some(205), Some("shop.example")));
    let states: Vec<&str> =
        found["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
    assert_eq!(states, [&["passed"; 6][..], &["refused", "not_reached"]].concat());
    assert!(found["steps"][6]["text"].as_str().unwrap().ends_with(" ago, on 2026-01-31 00:00:00"));
}

#[test]
fn what_is_no_key_no_time_and_no_endpoint_is_refused() {
    let data = world();
    for (arguments, code) in
        [(&[" "][..], 1), (&["K", "--at", "tomorrow"], 2), (&["K", "--endpoint", "delete-product"], 2)]
    {
        let output = keyseal(data.path(), &[&["license", "explain"], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}
