//! API keys: changed and rotated beside a running server, and the last one that may call every endpoint.

use serde_json::{Value, json};

use crate::support::{Server, contains, done, initialized, keyseal, refused};

fn code(server: &Server, api_key: &str) -> i64 {
    let (_, body) = keyseal_test_support::post_form(
        &format!("{}/api/v1/verify", server.url()),
        &[("api_key", api_key), ("license_key", "NONE"), ("identifier", "x")],
    );
    serde_json::from_str::<Value>(&body).unwrap()["response"]["code"].as_i64().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The code of an allowed request for a license key that does not exist.
const ALLOWED: i64 = 210;

#[test]
fn a_change_by_a_command_counts_from_the_next_request_on() {
    let data = initialized();
    let data = data.path();
    let made = done(data, &["api-key", "create", "--name", "shop", "--capability", "verify"]);
    let server = Server::start(data);
    let key = text(&made["api_key"]);
    assert_eq!(code(&server, key), ALLOWED);
    let update = |words: &[&str]| done(data, &[&["api-key", "update", "2"], words].concat());
    assert_eq!(update(&["--capability", "activate"])["capabilities"], json!(["activate"]));
    assert_eq!(code(&server, key), 102);
    update(&["--capability", "client", "--allow-ip", "192.0.2.0/24"]);
    assert_eq!(code(&server, key), 103);
    let changed = update(&["--allow-anywhere", "--name", " new shop "]);
    assert_eq!((&changed["name"], &changed["allow_ips"]), (&json!("new shop"), &json!([])));
    assert_eq!(code(&server, key), ALLOWED);
    let trail = done(data, &["audit", "list"]);
    let details: Vec<&str> =
        trail.as_array().unwrap().iter().filter_map(|row| row["detail"].as_str()).collect();
    contains(
        &details.join("\n"),
        &[
            "capabilities \"verify\" -> \"activate\"",
            "name \"shop\" -> \"new shop\"; allowed from 192.0.2.0/24 -> anywhere",
        ],
    );
}

#[test]
fn a_rotated_key_is_accepted_under_both_texts_and_doctor_tells_who_uses_the_old_one() {
    let data = initialized();
    let data = data.path();
    let made = done(data, &["api-key", "create", "--name", "shop", "--capability", "verify"]);
    let mut server = Server::start(data);
    let old = text(&made["api_key"]);
    assert_eq!(code(&server, old), ALLOWED);
    let doctor = || {
        let output = keyseal(data, &["--json", "doctor", "--listen", "127.0.0.1:0"]);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut checks = found.as_array().unwrap().iter();
        checks.find(|check| check["check"] == "old api keys").unwrap().to_string()
    };
    contains(&doctor(), &["no API key has an old text"]);
    let rotated = done(data, &["api-key", "rotate", "2"]);
    let new = text(&rotated["api_key"]).to_owned();
    assert_ne!(new, old);
    contains(&doctor(), &["1 old text is accepted, and not used"]);
    assert_eq!((code(&server, old), code(&server, &new)), (ALLOWED, ALLOWED));
    // The times of use are written at the end too.
    assert_eq!(server.stop(), Some(0));
    contains(&doctor(), &["still in use", &old[..8], "of API key 2", "api-key rotate ID"]);
    let listed = done(data, &["api-key", "list"])[1].clone();
    assert_eq!(listed["prefix"], json!(&new[..8]));
    assert_eq!(listed["old_texts"][0]["valid_until"], rotated["old_text_until"]);
    assert!(listed["last_used_at"].is_string() && listed["old_texts"][0]["last_used_at"].is_string());
    let table = String::from_utf8(keyseal(data, &["api-key", "list"]).stdout).unwrap();
    contains(&table, &["LAST USED", "OLD TEXT", &format!("{}… until ", &old[..8])]);
    // Again, while clients use the first old text: it keeps its end.
    done(data, &["api-key", "rotate", "2", "--keep-days", "1"]);
    let mut server = Server::start(data);
    assert_eq!((code(&server, old), code(&server, &new)), (ALLOWED, ALLOWED));
    assert_eq!(server.stop(), Some(0));
    // At once: none of the old texts is accepted, whichever of them has leaked.
    let third = done(data, &["api-key", "rotate", "2", "--keep-days", "0"]);
    assert_eq!(third["old_text_until"], Value::Null);
    let server = Server::start(data);
    let codes = [old, &new, text(&third["api_key"])].map(|key| code(&server, key));
    assert_eq!(codes, [100, 100, ALLOWED]);
    // A deleted key takes its old texts with it.
    done(data, &["api-key", "delete", "2"]);
    assert_eq!(code(&server, old), 100);
    let texts = std::fs::read(data.join("keyseal.db")).unwrap();
    assert!(!texts.windows(36).any(|window| window == old.as_bytes() || window == new.as_bytes()));
}

#[test]
fn the_last_active_key_for_every_endpoint_is_not_lost_by_mistake() {
    let data = initialized();
    let data = data.path();
    done(data, &["api-key", "create", "--name", "shop", "--capability", "client"]);
    let disabled = done(data, &["api-key", "create", "--name", "spare", "--capability", "*", "--inactive"]);
    assert_eq!(disabled["id"], 3);
    let commands: [&[&str]; 3] = [
        &["api-key", "delete", "1"],
        &["api-key", "disable", "1"],
        &["api-key", "update", "1", "--capability", "verify"],
    ];
    for command in commands {
        contains(
            &refused(data, command),
            &[
                "API key 1 is the last active one that may call every endpoint",
                "--force",
                "--capability \"*\"",
            ],
        );
    }
    // Neither a rename nor a rotation narrows it.
    done(data, &["api-key", "update", "1", "--name", "me", "--capability", "admin"]);
    done(data, &["api-key", "rotate", "1"]);
    done(data, &["api-key", "enable", "3"]);
    done(data, &["api-key", "disable", "1"]);
    contains(&refused(data, &["api-key", "disable", "3"]), &["API key 3 is the last active one"]);
    done(data, &["api-key", "update", "3", "--capability", "verify", "--force"]);
    assert_eq!(done(data, &["api-key", "delete", "1"]), json!({ "id": 1, "deleted": true }));
}

#[test]
fn a_change_of_a_key_is_refused_by_what_is_wrong() {
    let data = initialized();
    let data = data.path();
    for (command, parts) in [
        (&["api-key", "update", "9", "--name", "x"][..], &["no API key 9", "api-key list"][..]),
        (&["api-key", "rotate", "9"], &["no API key 9", "api-key list"]),
        (&["api-key", "update", "1", "--name", &"x".repeat(256)], &["--name", "longer than 255 bytes"]),
        (&["api-key", "update", "1", "--capability", "verfy"], &["\"verfy\" is no capability"]),
    ] {
        contains(&refused(data, command), parts);
    }
    for command in [
        &["api-key", "update", "1"][..],
        &["api-key", "update", "1", "--allow-anywhere", "--allow-ip", "10.0.0.1"],
        &["api-key", "rotate", "1", "--keep-days", "-1"],
        &["api-key", "rotate", "1", "--keep-days", "3651"],
    ] {
        assert_eq!(keyseal(data, command).status.code(), Some(2), "{command:?}");
    }
}
