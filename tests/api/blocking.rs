//! Blocking a license and unblocking it, through every door.

use std::fs;

use serde_json::{Value, json};

use crate::contracts;
use crate::support::{License, Receiver, TestServer, try_keyseal};

const KEY: &str = "KEY-1";

fn license(server: &TestServer) -> Value {
    server.command(&["license", "list"])[0].clone()
}

fn status(server: &TestServer) -> String {
    license(server)["status"].as_str().unwrap().to_owned()
}

/// The code of a client's request on an identifier.
fn on(server: &TestServer, endpoint: &str, identifier: &str) -> i64 {
    server.post(endpoint, &[("license_key", KEY), ("identifier", identifier)]).code
}

fn set_status(server: &TestServer, status: &str) {
    assert_eq!(server.post("update-license-key", &[("license_key", KEY), ("status", status)]).code, 950);
}

type Door = (&'static str, fn(&TestServer));

/// Every way in which a license becomes blocked.
const DOORS: [Door; 5] = [
    ("API", |server| set_status(server, "blocked")),
    ("API, in a newer word", |server| set_status(server, "suspended")),
    ("license update", |server| {
        server.command(&["license", "update", KEY, "--status", "blocked"]);
    }),
    ("license block", |server| {
        let blocked = server.command(&["license", "block", KEY, "--reason", " charged back "]);
        assert_eq!(
            (&blocked["block_reason"], &blocked["was_blocked"]),
            (&json!("charged back"), &json!(false))
        );
    }),
    ("import", |server| {
        let file = server.data().join("block.csv");
        fs::write(&file, format!("license_key,status\n{KEY},blocked\n")).unwrap();
        server.command(&["license", "import", "--update", file.to_str().unwrap()]);
    }),
];

#[test]
fn a_license_gets_back_the_status_that_it_had() {
    let server = TestServer::start();
    for (door, block) in DOORS {
        for former in ["available", "assigned", "reserved"] {
            let words = ["license", "create", "--product", "1", "--key", KEY, "--validity", "30"];
            let owner = ["--owner-name", "Jane", "--owner-email", "jane@example.com", "--status", former];
            server.command(&[&words[..], &owner].concat());
            if former == "assigned" {
                assert_eq!(on(&server, "activate", "pc"), 300);
            }
            let before = license(&server);
            block(&server);
            assert_eq!((status(&server).as_str(), on(&server, "verify", "pc")), ("blocked", 204), "{door}");
            // Blocked again, it still knows what it was.
            server.command(&["license", "block", KEY, "--reason", "again"]);
            let unblocked = server.command(&["license", "unblock", KEY]);
            assert_eq!(unblocked["status"], former, "{door}");
            assert_eq!(license(&server), before, "{door} {former}");
            assert_eq!(on(&server, "verify", "pc"), if former == "assigned" { 200 } else { 201 }, "{door}");
            server.command(&["license", "delete", KEY]);
        }
    }
}

#[test]
fn a_block_that_ends_through_another_door_is_forgotten() {
    let server = TestServer::start();
    server.add_license(&License::default());
    set_status(&server, "blocked");
    // Its ownership ends, and with it what was remembered of the block.
    set_status(&server, "reserved");
    assert_eq!(on(&server, "verify", "domain.ltd"), 201);
    set_status(&server, "blocked");
    assert_eq!(server.command(&["license", "unblock", KEY])["status"], "reserved");
    let (done, said) = try_keyseal(server.data(), &["license", "unblock", KEY]);
    assert!(!done, "{said:?}");
    assert_eq!(status(&server), "reserved");
}

#[test]
fn a_license_that_nobody_owned_before_its_block_has_nothing_for_its_owner() {
    let server = TestServer::start();
    // As earlier versions left it: available, and active on an identifier.
    let leftover = License { status: "available", identifiers: &["first-pc"], ..License::default() };
    server.add_license(&leftover);
    set_status(&server, "blocked");
    let fields = [("license_key", KEY), ("status", "assigned"), ("owner_email", "second@example.com")];
    assert_eq!(server.post("update-license-key", &fields).code, 950);
    assert_eq!((on(&server, "verify", "first-pc"), on(&server, "activate", "second-pc")), (202, 300));
}

#[test]
fn a_license_that_was_blocked_from_the_beginning_is_never_handed_out_at_random() {
    let server = TestServer::start();
    for (options, expected) in [
        (&[][..], "reserved"),
        (&["--owner-email", "jane@example.com"], "assigned"),
        (&["--assigned-at", "2026-01-01 00:00:00"], "assigned"),
    ] {
        let words = ["license", "create", "--product", "1", "--key", KEY, "--status", "blocked"];
        server.command(&[&words[..], options].concat());
        assert_eq!(server.command(&["license", "unblock", KEY])["status"], expected, "{options:?}");
        server.command(&["license", "delete", KEY]);
    }
    // One that a reseller may have sold stays out of the pool when its contract is gone.
    assert_eq!(server.post("create-contract", &contracts::FORM).code, 841);
    server.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    let made = server.post("contracts/generate", &[("contract_id", "1"), ("quantity", "1")]);
    let key = made.fields["license_keys"][0].as_str().unwrap();
    server.command(&["license", "block", key, "--reason", "x"]);
    assert_eq!(server.post("delete-contract", &[("contract_id", "1")]).code, 843);
    assert_eq!(server.command(&["license", "unblock", key])["status"], "reserved");
    assert_eq!(server.post("random-assign-license-keys", &[("product_id", "1")]).code, 802);
}

#[test]
fn each_block_tells_the_webhooks_and_the_trail_has_no_reason() {
    let receiver = Receiver::answering(&[200]);
    let server = TestServer::start_with(|config| config.webhooks.allow_private_targets = true);
    server.add_license(&License { identifiers: &[], ..License::default() });
    let url = receiver.url("/gone");
    let fields = [("license_key", KEY), ("identifier", "pc"), ("post_url", url.as_str())];
    assert_eq!(server.post("activate", &fields).code, 300);
    for reason in ["jane cheated", "jane cheated again"] {
        server.command(&["license", "block", KEY, "--reason", reason]);
        assert_eq!(server.answer(200, &receiver.next().body).fields["identifier"], "pc");
        // Another reason is no other block.
        server.command(&["license", "block", KEY, "--reason", "more about jane"]);
        server.command(&["license", "block", KEY, "--reason", "more about jane"]);
        receiver.expect_silence();
        server.command(&["license", "unblock", KEY]);
    }
    let entries = server.command(&["audit", "list", "--license", KEY]);
    assert!(!entries.to_string().contains("jane"), "{entries}");
    let changes: Vec<&str> =
        entries.as_array().unwrap().iter().skip(2).map(|entry| entry["change"].as_str().unwrap()).collect();
    let once = ["blocked", "block reason changed", "block reason changed", "unblocked"];
    assert_eq!(changes, [once, once].concat());
    assert_eq!(entries[2]["detail"], "assigned -> blocked, limit 0, validity 0");
}
