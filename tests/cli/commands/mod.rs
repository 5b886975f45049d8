//! Commands: what they print, what they refuse, and what they leave behind.

mod explaining;
mod finding;
mod generate;
mod generators;
mod licenses;
mod notes;
mod output;
mod products;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::support::{contains, create_license, done, initialized, keyseal, refused};

#[test]
fn init_makes_everything_once_and_privately() {
    let outside = tempfile::tempdir().unwrap();
    let data = outside.path().join("new/data");
    let made = done(&data, &["init"]);
    let keys: Vec<&str> = made.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["data", "api_key", "public_key"]);
    assert_eq!(made["api_key"].as_str().unwrap().len(), 36);
    contains(made["public_key"].as_str().unwrap(), &["-----BEGIN PUBLIC KEY-----\n"]);
    for (file, mode) in [("", 0o700), ("keys", 0o700), ("keyseal.db", 0o600), ("keys/global.pem", 0o600)] {
        let found = fs::metadata(data.join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{file}");
    }
    contains(&refused(&data, &["init"]), &["keyseal.db exists already", "--data"]);
    let database = fs::read(data.join("keyseal.db")).unwrap();
    let secret = made["api_key"].as_str().unwrap().as_bytes();
    assert!(!database.windows(secret.len()).any(|window| window == secret), "an API key is in the database");
}

#[test]
fn the_json_shapes_are_those_that_scripts_rely_on() {
    let data = initialized();
    let data = data.path();
    let key = done(
        data,
        &["api-key", "create", "--name", "shop", "--capability", "verify", "--allow-ip", "10.0.0.1"],
    );
    assert_eq!(key["id"], 2);
    let rest =
        json!({ "name": "shop", "capabilities": ["verify"], "allow_ips": ["10.0.0.1/32"], "active": true });
    for (name, value) in rest.as_object().unwrap() {
        assert_eq!(&key[name], value);
    }
    assert!(key["api_key"].is_string());
    let product = done(data, &["product", "create", "--name", "P", "--description", "D", "--inactive"]);
    let (uuid, created_at, updated_at) = (&product["uuid"], &product["created_at"], &product["updated_at"]);
    assert_eq!(
        product,
        json!({
            "id": 1, "name": "P", "description": "D", "status": "inactive", "own_key": false,
            "slug": null, "changelog_enabled": false, "require_non_expired": false,
            "uuid": uuid, "source": "internal", "external_reference": "", "post_url": "", "features": [],
            "created_at": created_at, "updated_at": updated_at,
        })
    );
    let license = create_license(data, "K", &["--validity", "30", "--assigned-at", "2024-02-27 03:05:31"]);
    assert_eq!(
        license,
        json!({
            "id": 1, "license_key": "K", "product_id": 1, "status": "available", "activation_limit": 0, "validity": 30,
            "assigned_at": "2024-02-27 03:05:31", "expires_at": "2024-03-28 03:05:31", "owner_name": null,
            "owner_email": null,
        })
    );
    let assigned = done(data, &["license", "assign", "k", "--owner-name", "N", "--owner-email", "e@x"]);
    assert_eq!(
        (&assigned["status"], &assigned["owner_name"], &assigned["owner_email"]),
        (&json!("assigned"), &json!("N"), &json!("e@x"))
    );
    let active = done(data, &["license", "activate", "K", "--identifier", "I"]);
    assert_eq!(active, json!({ "id": 1, "license_key": "K", "identifier": "I", "was_active": false }));
    assert_eq!(done(data, &["license", "activate", "K", "--identifier", "i"])["was_active"], true);
    assert_eq!(
        done(data, &["block", "add", "--ip", "10.1.2.3/8"]),
        json!({ "id": 1, "kind": "ip", "value": "10.0.0.0/8" })
    );
    let generator =
        done(data, &["generator", "create", "--product", "1", "--method", "chunk-system", "--prefix", "A"]);
    let uuid = &generator["uuid"];
    assert_eq!(
        generator,
        json!({
            "id": 1, "uuid": uuid, "product_id": 1, "method": "chunk-system", "prefix": "A", "suffix": "",
            "template": "", "charset": "0123456789ABCDEF", "number_of_chunks": 4, "chunk_length": 4,
            "activation_limit": 0, "validity": 0, "active": true,
        })
    );
    for (list, length) in
        [("generator", 1), ("api-key", 2), ("product", 1), ("license", 1), ("block", 1), ("signing-key", 1)]
    {
        assert_eq!(done(data, &[list, "list"]).as_array().unwrap().len(), length, "{list}");
    }
    assert_eq!(done(data, &["license", "list", "--status", "available"]), json!([]));
}

#[test]
fn what_cannot_be_done_is_refused_with_what_where_why_and_what_next() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "FULL", &["--status", "assigned", "--activation-limit", "1"]);
    done(data, &["license", "activate", "FULL", "--identifier", "a"]);
    create_license(data, "BLOCKED", &["--status", "blocked"]);
    done(data, &["block", "add", "--domain", "x.example"]);
    for (arguments, parts) in [
        (&["license", "create", "--product", "7"][..], &["no product 7", "product list"][..]),
        (&["license", "create", "--product", "1", "--key", "full"], &["full exists already"]),
        (&["license", "assign", "NONE"], &["license key \"NONE\" not found", "license list"]),
        (&["license", "assign", "FULL"], &["is assigned: only an available or reserved license"]),
        (&["license", "activate", "FULL", "--identifier", "b"], &["reached its activation limit of 1"]),
        (&["license", "activate", "FULL", "--identifier", " "], &["not an identifier: it is empty"]),
        (&["block", "add", "--domain", "X.example"], &["x.example is blocked already"]),
        (&["block", "add", "--ip", "10.0.0.300"], &["\"10.0.0.300\" is not an address"]),
        (&["block", "remove", "9"], &["no block 9", "block list"]),
        (&["api-key", "disable", "9"], &["no API key 9", "api-key list"]),
        (
            &["api-key", "create", "--name", "x", "--capability", "verfy"],
            &["\"verfy\" is no capability", "\"verify\""],
        ),
        (
            &["download", "add", "no.zip", "--product", "1", "--version", "1", "--numeric-version", "1"],
            &["can't read no.zip", "give the path of the file to add"],
        ),
        (&["serve", "--listen", "192.0.2.1:1"], &["can't listen on 192.0.2.1:1", "--listen"]),
    ] {
        contains(&refused(data, arguments), parts);
    }
    let nowhere = data.join("nowhere");
    for command in [&["serve"][..], &["product", "list"]] {
        contains(
            &refused(&nowhere, command),
            &["no database at", "nowhere/keyseal.db", "keyseal init", "--data"],
        );
    }
    assert!(!nowhere.exists(), "a mistyped directory was made");
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let data = initialized();
    for arguments in [
        &["serv"][..],
        &["serve", "--workers", "0"],
        &["license", "create"],
        &["license", "create", "--product", "1", "--activation-limit", "-2"],
        &["license", "create", "--product", "1", "--assigned-at", "yesterday"],
        &["block", "add"],
        &["block", "add", "--ip", "10.0.0.1", "--domain", "x.example"],
        &["api-key", "create", "--name", "x", "--allow-ip", "10.0.0.300"],
    ] {
        let output = keyseal(data.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert!(keyseal(data.path(), &["license", "create", "--help"]).status.success());
}

#[test]
fn what_is_not_in_the_audit_trail_is_said_so_and_one_of_something_is_one() {
    let data = initialized();
    let unknown = keyseal(data.path(), &["audit", "list", "--license", "NONE"]);
    assert!(unknown.status.success() && unknown.stdout.is_empty());
    contains(&String::from_utf8(unknown.stderr).unwrap(), &["no entry of license NONE matches"]);
    assert_eq!(done(data.path(), &["audit", "list", "--license", "NONE"]), serde_json::json!([]));
    done(data.path(), &["product", "create", "--name", "P"]);
    let file = data.path().join("all.csv");
    for (key, says) in [("A", "1 license exported to "), ("B", "2 licenses exported to ")] {
        create_license(data.path(), key, &[]);
        let said = keyseal(data.path(), &["license", "export", file.to_str().unwrap()]).stdout;
        contains(&String::from_utf8(said).unwrap(), &[says]);
        fs::remove_file(&file).unwrap();
    }
}
