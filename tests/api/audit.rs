//! The audit trail: every change that is made, and none that isn't.

use serde_json::Value;

use crate::contracts;
use crate::support::{License, TestServer};

/// What the trail says of a license: what was called, what happened, and the detail.
fn trail(server: &TestServer, options: &[&str]) -> Vec<[String; 3]> {
    let entries = server.command(&[&["audit", "list"], options].concat());
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap_or_default().to_owned();
    entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| ["action", "change", "detail"].map(|member| text(entry, member)))
        .collect()
}

fn row(action: &str, change: &str, detail: &str) -> [String; 3] {
    [action, change, detail].map(str::to_owned)
}

#[test]
fn what_is_done_to_a_license_is_kept_with_who_when_and_from_where() {
    let server = TestServer::start();
    server.add_license(&License { identifiers: &[], ..License::default() });
    let seat = [("license_key", "key-1"), ("identifier", "shop.ltd")];
    let meta = [("license_key", "KEY-1"), ("identifier", "shop.ltd"), ("key", "color"), ("value", "blue")];
    for (endpoint, fields, code) in [
        ("activate", &seat[..], 300),
        ("activate", &seat, 301),
        ("verify", &seat, 200),
        ("create-license-key-meta", &meta, 453),
        ("create-license-key-meta", &meta, 452),
        ("update-license-key-meta", &meta, 353),
        ("deactivate", &seat, 400),
        ("deactivate", &seat, 401),
        ("delete-license-key", &seat[..1], 850),
    ] {
        assert_eq!(server.post(endpoint, fields).code, code, "{endpoint}");
    }
    assert_eq!(
        trail(&server, &["--license", "KEY-1"]),
        [
            row("license create", "created", "assigned"),
            row("activate", "activated", "shop.ltd"),
            row("create-license-key-meta", "meta created", "color"),
            row("update-license-key-meta", "meta changed", "color"),
            row("deactivate", "deactivated", "shop.ltd"),
            row("delete-license-key", "deleted", ""),
        ]
    );
    let entries = server.command(&["audit", "list", "--license", "KEY-1"]);
    let (made, activated) = (&entries[0], &entries[1]);
    assert_eq!(
        (&made["who"], &made["who_id"], &made["address"]),
        (&"command_line".into(), &Value::Null, &Value::Null)
    );
    assert_eq!((&activated["who"], &activated["who_id"]), (&"api_key".into(), &1.into()));
    assert_eq!(activated["address"], "127.0.0.1");
    assert!(!entries.to_string().contains(&server.api_key));
}

#[test]
fn what_is_refused_or_repeated_leaves_no_trace() {
    let server = TestServer::start();
    server.add_license(&License { activation_limit: 1, identifiers: &[], ..License::default() });
    let before = trail(&server, &[]).len();
    let seat = |identifier| [("license_key", "KEY-1"), ("identifier", identifier)];
    for _ in 0..2 {
        let repeated = server.post_with_headers(
            "activate",
            &[("X-API-Key", &server.api_key), ("Idempotency-Key", "same")],
            &seat("one.ltd"),
        );
        assert_eq!(repeated.code, 300);
    }
    assert_eq!(server.post("activate", &seat("two.ltd")).code, 302);
    assert_eq!(
        server.post("create-license-keys", &[("license_keys", "[\"X\"]"), ("product_id", "77")]).code,
        901
    );
    assert_eq!(trail(&server, &[])[before..], [row("activate", "activated", "one.ltd")]);
}

#[test]
fn a_trail_is_asked_by_api_key_and_time_and_pruned_only_on_request() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let shop = server.add_api_key(&["--capability", "*"]);
    let fields = [("api_key", shop.as_str()), ("license_key", "KEY-1"), ("identifier", "by-the-shop.ltd")];
    assert_eq!(server.post_form("/v1/activate", &fields).code, 300);
    assert_eq!(trail(&server, &["--api-key", "2"]), [row("activate", "activated", "by-the-shop.ltd")]);
    assert_eq!(trail(&server, &["--limit", "1"]), [row("activate", "activated", "by-the-shop.ltd")]);
    let all = trail(&server, &["--since", "2020-01-01"]).len();
    assert!(all > 3 && trail(&server, &["--until", "2020-01-01"]).is_empty());
    assert_eq!(server.command(&["audit", "prune", "--older-than", "1"])["pruned"], 0);
    assert_eq!(trail(&server, &[]).len(), all + 1);
}

#[test]
fn every_key_that_is_drawn_or_destroyed_has_its_own_entry() {
    let server = TestServer::start();
    let made = [
        ("license_keys", "[\"A\",\"B\"]"),
        ("product_id", "1"),
        ("status", "available"),
        ("activation_limit", "0"),
        ("validity", "0"),
    ];
    assert_eq!(server.post("create-license-keys", &made).code, 900);
    let drawn =
        [("product_id", "1"), ("quantity", "2"), ("generate", "0"), ("owner_email", "jane@domain.ltd")];
    assert_eq!(server.post("random-assign-license-keys", &drawn).code, 803);
    for key in ["A", "B"] {
        assert_eq!(
            trail(&server, &["--license", key]),
            [
                row("create-license-keys", "created", "available"),
                row("random-assign-license-keys", "assigned", "jane@domain.ltd"),
            ]
        );
    }
}

#[test]
fn a_product_that_is_made_is_one_entry_and_one_that_is_changed_another() {
    let server = TestServer::start();
    let before = trail(&server, &[]).len();
    let fields = [("name", "P"), ("description", "D"), ("slug", "p")];
    assert_eq!(server.post("create-product", &fields).code, 750);
    assert_eq!(trail(&server, &[])[before..], [row("create-product", "created", "P")]);
    let fields = [("product_id", "p"), ("name", "Q"), ("description", "D")];
    assert_eq!(server.post("update-product", &fields).code, 650);
    assert_eq!(trail(&server, &[])[before + 1..], [row("update-product", "changed", "")]);
}

#[test]
fn a_license_that_moves_or_is_held_back_says_from_where_to_where() {
    let server = TestServer::start();
    server.add_license(&License { identifiers: &[], ..License::default() });
    let change = |fields: &[(&str, &str)]| {
        let fields = [&[("license_key", "KEY-1")][..], fields].concat();
        assert_eq!(server.post("update-license-key", &fields).code, 950, "{fields:?}");
        trail(&server, &["--license", "KEY-1"]).pop().unwrap()[2].clone()
    };
    let unchanged = change(&[("validity", "3")]);
    assert!(
        unchanged.contains(", validity 0 -> 3; expires - -> ") && !unchanged.contains("owner"),
        "{unchanged}"
    );
    let moved =
        change(&[("owner_name", "Jane"), ("owner_email", "j@x.ltd"), ("assigned_at", "2020-01-02 03:04:05")]);
    for part in
        ["; owner name ", " -> Jane; owner email ", " -> j@x.ltd; assigned at ", " -> 2020-01-02 03:04:05"]
    {
        assert!(moved.contains(part), "no {part:?} in {moved:?}");
    }
    let back = change(&[("owner_name", "John")]);
    assert!(back.ends_with("; owner name Jane -> John"), "{back}");
}

#[test]
fn a_contract_that_ends_leaves_an_entry_for_each_license_that_it_holds_back() {
    let server = TestServer::start();
    assert_eq!(server.post("create-contract", &contracts::FORM).code, 841);
    server.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    let made = server.post("contracts/generate", &[("contract_id", "1"), ("quantity", "2")]);
    assert_eq!(made.code, 1300);
    let keys: Vec<&str> =
        made.fields["license_keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    // One is somebody's already, and stays what it is.
    assert_eq!(server.post("assign-license-key", &[("license_key", keys[0])]).code, 800);
    assert_eq!(server.post("delete-contract", &[("contract_id", "1")]).code, 843);
    let last = |key| trail(&server, &["--license", key]).pop().unwrap();
    assert_eq!(last(keys[0])[1], "assigned");
    assert_eq!(last(keys[1]), row("delete-contract", "reserved", ""));
}
