//! One owner's life at a time: nothing of a former owner survives a change of owner, whoever makes it.

use serde_json::{Value, json};

use crate::support::{License, Receiver, TestServer};

const KEY: &str = "KEY-1";

fn server() -> TestServer {
    TestServer::start_with(|config| config.webhooks.allow_private_targets = true)
}

/// The license of a first owner, who activated it with this `post_url` and wrote metadata on it.
fn owned(server: &TestServer, post_url: &str) {
    let fresh = License {
        status: "available",
        activation_limit: 1,
        identifiers: &[],
        validity: 30,
        ..License::default()
    };
    server.add_license(&fresh);
    let owner = [("owner_name", "First"), ("owner_email", "first@example.com")];
    assert_eq!(server.post("assign-license-key", &[&[("license_key", KEY)], &owner[..]].concat()).code, 800);
    assert_eq!(on(server, "activate", "first-pc", &[("post_url", post_url)]), 300);
    assert_eq!(on(server, "create-license-key-meta", "first-pc", &[("key", "secret"), ("value", "1")]), 453);
}

/// The code of a client's request on an identifier.
fn on(server: &TestServer, endpoint: &str, identifier: &str, more: &[(&str, &str)]) -> i64 {
    let fields = [("license_key", KEY), ("identifier", identifier)];
    server.post(endpoint, &[&fields[..], more].concat()).code
}

fn license(server: &TestServer) -> Value {
    server.command(&["license", "list"])[0].clone()
}

/// What the audit trail says of the end of an owner's life.
fn ends(server: &TestServer) -> Vec<String> {
    let entries = server.command(&["audit", "list"]);
    let ends = entries.as_array().unwrap().iter().filter(|entry| entry["change"] == "ownership ended");
    ends.map(|entry| entry["detail"].as_str().unwrap().to_owned()).collect()
}

/// Gives a license back to the pool with this status.
type Refund = fn(&TestServer, &str);

#[test]
fn a_new_owner_finds_nothing_of_the_former_one() {
    let receiver = Receiver::answering(&[200]);
    let refunds: [(&str, Refund); 2] = [
        ("API", |server, status| {
            let fields = [("license_key", KEY), ("status", status), ("owner_name", "First")];
            assert_eq!(server.post("update-license-key", &fields).code, 950);
        }),
        ("command line", |server, status| {
            server.command(&["license", "update", KEY, "--status", status]);
        }),
    ];
    let sales: [fn(&TestServer); 4] = [
        |server| {
            let fields = [("license_key", KEY), ("email", "second@example.com")];
            assert_eq!(server.post("assign-license-key", &fields).code, 800);
        },
        |server| {
            server.command(&["license", "assign", KEY, "--owner-email", "second@example.com"]);
        },
        |server| {
            let fields =
                [("license_key", KEY), ("status", "assigned"), ("owner_email", "second@example.com")];
            assert_eq!(server.post("update-license-key", &fields).code, 950);
        },
        |server| {
            // Not in the pool if it is reserved.
            server.post("update-license-key", &[("license_key", KEY), ("status", "available")]);
            let fields = [("product_id", "1"), ("owner_email", "second@example.com")];
            assert_eq!(server.post("random-assign-license-keys", &fields).code, 803);
        },
    ];
    for (door, refund) in refunds {
        for (status, blocked_first) in [("available", false), ("reserved", false), ("available", true)] {
            for sell in sales {
                let server = server();
                owned(&server, &receiver.url("/gone"));
                let before = license(&server);
                if blocked_first {
                    server.command(&["license", "update", KEY, "--status", "blocked"]);
                }
                refund(&server, status);
                let message = server.answer(200, &receiver.next().body);
                let told = json!({ "license_key": KEY, "identifier": "first-pc" });
                assert_eq!((message.code, json!(message.fields)), (400, told), "{door} {status}");
                let free = license(&server);
                assert_eq!(free["status"], status);
                for field in ["owner_name", "owner_email", "assigned_at"] {
                    assert_eq!(free[field], Value::Null, "{door} {status} {field}");
                }
                assert_eq!(
                    ends(&server),
                    ["owner first@example.com; 1 activation, 1 metadata entry ended"],
                    "{door} {status}"
                );
                sell(&server);
                let sold = license(&server);
                assert_eq!(
                    (&sold["owner_name"], &sold["owner_email"]),
                    (&Value::Null, &json!("second@example.com"))
                );
                assert!(sold["assigned_at"].as_str() >= before["assigned_at"].as_str(), "{sold}");
                assert_eq!(on(&server, "verify", "first-pc", &[]), 202);
                assert_eq!(on(&server, "activate", "second-pc", &[]), 300);
                assert_eq!(on(&server, "verify", "second-pc", &[]), 200);
                let fields = [("license_key", KEY), ("identifier", "second-pc")];
                let details = server.post("get-license-key-details", &fields);
                assert_eq!(details.fields["licenseKey"]["meta_data"], json!([]));
                assert_eq!(ends(&server).len(), 1);
                receiver.expect_silence();
            }
        }
    }
}

#[test]
fn a_correction_of_the_owner_ends_nothing() {
    let server = server();
    owned(&server, "");
    let before = license(&server)["assigned_at"].clone();
    let fields = [("license_key", KEY), ("owner_email", "first@example.org"), ("status", "assigned")];
    assert_eq!(server.post("update-license-key", &fields).code, 950);
    server.command(&["license", "update", KEY, "--owner-name", "The First"]);
    for status in ["blocked", "assigned"] {
        assert_eq!(server.post("update-license-key", &[("license_key", KEY), ("status", status)]).code, 950);
    }
    let now = license(&server);
    assert_eq!((&now["owner_name"], &now["owner_email"]), (&json!("The First"), &json!("first@example.org")));
    assert_eq!(now["assigned_at"], before);
    assert_eq!(on(&server, "verify", "first-pc", &[]), 200);
    assert_eq!(ends(&server), Vec::<String>::new());
}

#[test]
fn a_reservation_leaves_nothing_for_the_owner_who_comes_from_the_pool() {
    let server = server();
    for by_api in [true, false] {
        let reserve = ["license", "create", "--product", "1", "--key", KEY, "--status", "reserved"];
        let owner = ["--owner-name", "Jane", "--owner-email", "jane@example.com"];
        server.command(&[&reserve[..], &owner].concat());
        server.command(&["license", "update", KEY, "--note", "for Jane", "--order-reference", "J-1"]);
        if by_api {
            let fields = [("license_key", KEY), ("status", "available")];
            assert_eq!(server.post("update-license-key", &fields).code, 950);
        } else {
            server.command(&["license", "update", KEY, "--status", "available"]);
        }
        server.post("update-license-key", &[("license_key", KEY), ("status", "assigned")]);
        let shown = server.command(&["license", "show", KEY]);
        for field in ["owner_name", "owner_email", "note", "order_reference"] {
            assert_eq!(shown[field], Value::Null, "{field} {by_api}");
        }
        server.command(&["license", "delete", KEY]);
    }
}

#[test]
fn what_was_left_on_a_license_that_nobody_owns_goes_when_it_is_assigned() {
    let server = server();
    // As earlier versions left them: available, and active on an identifier.
    let leftover = License {
        status: "available",
        activation_limit: 1,
        identifiers: &["first-pc"],
        ..License::default()
    };
    for assign in [
        &["assign-license-key", "email", "second@example.com"][..],
        &["random-assign-license-keys", "product_id", "1"],
        &["update-license-key", "status", "assigned"],
    ] {
        server.add_license(&leftover);
        let [endpoint, field, value] = assign else { unreachable!() };
        let code = server.post(endpoint, &[("license_key", KEY), (field, value)]).code;
        assert!([800, 803, 950].contains(&code), "{endpoint}: {code}");
        assert_eq!(on(&server, "verify", "first-pc", &[]), 202, "{endpoint}");
        assert_eq!(on(&server, "activate", "second-pc", &[]), 300, "{endpoint}");
        server.command(&["license", "delete", KEY]);
    }
    server.add_license(&leftover);
    let owner = [("owner_email", "second@example.com")];
    assert_eq!(on(&server, "assign-and-activate-license-key", "second-pc", &owner), 300);
    assert_eq!(on(&server, "verify", "first-pc", &[]), 202);
}

#[test]
fn commands_that_end_activations_tell_their_webhooks() {
    let receiver = Receiver::answering(&[200]);
    let server = server();
    for command in [
        &["update", KEY, "--status", "blocked"][..],
        &["deactivate", KEY, "--identifier", "FIRST-PC"],
        &["delete", KEY],
        &["update", KEY, "--status", "reserved"],
    ] {
        owned(&server, &receiver.url("/gone"));
        server.command(&[&["license"], command].concat());
        let message = server.answer(200, &receiver.next().body);
        assert_eq!((message.code, message.signer.as_str()), (400, "product"), "{command:?}");
        assert_eq!(
            json!(message.fields),
            json!({ "license_key": KEY, "identifier": "first-pc" }),
            "{command:?}"
        );
        if command[0] != "delete" {
            server.command(&["license", "delete", KEY]);
        }
        receiver.expect_silence();
    }
}
