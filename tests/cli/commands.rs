//! Commands: what they print, what they refuse, and what they leave behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{contains, done, initialized, keyseal, program, refused};

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
    assert_eq!(
        product,
        json!({
            "id": 1, "name": "P", "description": "D", "status": "inactive", "own_key": false,
            "slug": null, "changelog_enabled": false, "require_non_expired": false,
        })
    );
    let license = done(
        data,
        &[
            "license",
            "create",
            "--product",
            "1",
            "--key",
            "K",
            "--validity",
            "30",
            "--assigned-at",
            "2024-02-27 03:05:31",
        ],
    );
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
    done(
        data,
        &[
            "license",
            "create",
            "--product",
            "1",
            "--key",
            "FULL",
            "--status",
            "assigned",
            "--activation-limit",
            "1",
        ],
    );
    done(data, &["license", "activate", "FULL", "--identifier", "a"]);
    done(data, &["license", "create", "--product", "1", "--key", "BLOCKED", "--status", "blocked"]);
    done(data, &["block", "add", "--domain", "x.example"]);
    for (arguments, parts) in [
        (&["license", "create", "--product", "7"][..], &["no product 7", "product list"][..]),
        (&["license", "create", "--product", "1", "--key", "full"], &["full exists already"]),
        (&["license", "assign", "NONE"], &["no license key NONE", "license list"]),
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
fn a_license_that_its_users_cannot_use_yet_may_be_activated_with_a_note() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    done(data.path(), &["license", "create", "--product", "1", "--key", "K", "--status", "blocked"]);
    let output = keyseal(data.path(), &["license", "activate", "K", "--identifier", "b"]);
    assert!(output.status.success());
    contains(&String::from_utf8(output.stderr).unwrap(), &["204 \"License key blocked\""]);
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
fn a_generator_is_made_changed_switched_and_deleted() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["generator", "create", "--product", "1", "--method", "uuid", "--inactive"]);
    let words =
        ["--method", "custom", "--template", "{rand:9}", "--suffix", "/S", "--charset", "abcdefghijklmnop"];
    let changed = done(data, &[&["generator", "update", "1", "--validity", "30"], &words[..]].concat());
    for (name, value) in [
        ("method", json!("custom")),
        ("template", json!("{rand:9}")),
        ("suffix", json!("/S")),
        ("charset", json!("abcdefghijklmnop")),
        ("validity", json!(30)),
        ("active", json!(false)),
    ] {
        assert_eq!(changed[name], value);
    }
    let again = done(data, &["generator", "update", "1", "--active", "--activation-limit", "2"]);
    assert_eq!(
        (&again["active"], &again["activation_limit"], &again["validity"], &again["template"]),
        (&json!(true), &json!(2), &json!(30), &json!("{rand:9}"))
    );
    assert_eq!(done(data, &["generator", "update", "1", "--inactive"])["active"], false);
    assert_eq!(done(data, &["generator", "list", "--product", "2"]), json!([]));
    let create = ["generator", "create", "--product", "1", "--method", "custom"];
    for (arguments, parts) in [
        (&create[..], &["these options can't be used for a generator", "less than 32 random bits"][..]),
        (&["generator", "update", "1", "--charset", "aa"], &["contains 'a' twice"]),
        (&["generator", "update", "9"], &["no generator 9", "generator list"]),
        (&["generator", "create", "--product", "9", "--method", "uuid"], &["no product 9", "product list"]),
    ] {
        contains(&refused(data, arguments), parts);
    }
    assert_eq!(done(data, &["generator", "delete", "1"]), json!({ "id": 1, "deleted": true }));
    contains(&refused(data, &["generator", "delete", "1"]), &["no generator 1"]);
    for usage in [&["--method", "random"][..], &["--method", "uuid", "--validity", "2147483648"]] {
        let output = keyseal(data, &[&["generator", "create", "--product", "1"], usage].concat());
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_wrong_identifier_to_deactivate_fails_and_names_the_right_ones() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["license", "create", "--product", "1", "--key", "K"]);
    let wrong = || refused(data, &["license", "deactivate", "K", "--identifier", "j"]);
    contains(&wrong(), &["license key K is not active on j: it is active on none"]);
    for identifier in ["I", "Other"] {
        done(data, &["license", "activate", "K", "--identifier", identifier]);
    }
    contains(&wrong(), &["license key K is not active on j: it is active on I, Other"]);
    for number in 0..10 {
        done(data, &["license", "activate", "K", "--identifier", &format!("n{number}")]);
    }
    contains(&wrong(), &["it is active on 12, among them I, Other, n0"]);
}

#[test]
fn a_license_is_changed_taken_off_and_deleted() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["license", "create", "--product", "1", "--key", "K", "--owner-name", "N"]);
    let update = |options: &[&str]| done(data, &[&["license", "update", "k"], options].concat());
    // An owner who is named by e-mail alone doesn't inherit the name that the license had before.
    let license = update(&["--status", "assigned", "--activation-limit", "2", "--owner-email", " e@x "]);
    assert!(license["assigned_at"].is_string());
    for (name, value) in [
        ("status", json!("assigned")),
        ("activation_limit", json!(2)),
        ("validity", json!(0)),
        ("owner_name", Value::Null),
        ("owner_email", json!("e@x")),
    ] {
        assert_eq!(license[name], value);
    }
    assert_eq!(update(&["--owner-name", "N"])["owner_name"], json!("N"));
    let license = update(&["--owner-name", "", "--validity", "30"]);
    assert_eq!((&license["owner_name"], &license["validity"]), (&Value::Null, &json!(30)));

    done(data, &["license", "activate", "K", "--identifier", "I"]);
    assert_eq!(
        done(data, &["license", "deactivate", "K", "--identifier", "i"]),
        json!({ "id": 1, "license_key": "K", "identifier": "i", "was_active": true })
    );
    assert_eq!(
        done(data, &["license", "delete", "k"]),
        json!({ "id": 1, "license_key": "K", "deleted": true })
    );
    for words in
        [&["update", "K", "--validity", "1"][..], &["delete", "K"], &["deactivate", "K", "--identifier", "i"]]
    {
        contains(&refused(data, &[&["license"], words].concat()), &["no license key K", "license list"]);
    }
    for usage in
        [&[][..], &["--activation-limit", "-2"], &["--validity", "2147483648"], &["--status", "active"]]
    {
        let output = keyseal(data, &[&["license", "update", "K"], usage].concat());
        assert_eq!(output.status.code(), Some(2), "{usage:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "plays another program that wants to write")]
fn an_import_that_is_killed_leaves_all_or_nothing() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let file = data.path().join("many.csv");
    // Spread over the whole index, as real license keys are.
    let key = |n: u64| format!("{:x}-{n},1", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let lines: Vec<String> = (0..30_000).map(key).collect();
    fs::write(&file, format!("license_key,product_id\n{}\n", lines.join("\n"))).unwrap();
    let mut command = program();
    command.arg("--data").arg(data.path()).args(["license", "import"]).arg(&file).stdout(Stdio::null());
    let mut import = command.spawn().unwrap();
    // Nobody else can begin to write while its one transaction is open: that is half-way.
    let other = rusqlite::Connection::open(data.path().join("keyseal.db")).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    while other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() && import.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    import.kill().unwrap();
    drop(other);
    import.wait().unwrap();
    let left = done(data.path(), &["license", "list"]).as_array().unwrap().len();
    assert!([0, 30_000].contains(&left), "{left}");
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
        done(data.path(), &["license", "create", "--product", "1", "--key", key]);
        let said = keyseal(data.path(), &["license", "export", file.to_str().unwrap()]).stdout;
        contains(&String::from_utf8(said).unwrap(), &[says]);
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_command_whose_output_is_no_longer_read_ends_quietly() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let csv = data.path().join("many.csv");
    let lines = (0..2000).map(|number| format!("KEY-{number},1\n")).collect::<Vec<_>>().concat();
    fs::write(&csv, format!("license_key,product_id\n{lines}")).unwrap();
    done(data.path(), &["license", "import", csv.to_str().unwrap()]);
    for command in
        [&["license", "list"][..], &["license", "export"], &["--json", "audit", "list"], &["config", "show"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program().arg("--data").arg(data.path()).args(command).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{command:?}");
    }
}

#[test]
fn a_license_that_is_not_assigned_says_when_it_will_expire() {
    let data = initialized();
    let text = |arguments: &[&str]| {
        let output = keyseal(data.path(), arguments);
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    done(data.path(), &["product", "create", "--name", "P"]);
    let create = ["license", "create", "--product", "1", "--key", "K"];
    contains(
        &text(&[&create[..], &["--validity", "365"]].concat()),
        &["expires 365 days after its assignment"],
    );
    contains(&text(&["license", "list"]), &["365 days from assignment"]);
    contains(&text(&["license", "update", "K", "--validity", "0"]), &["no expiry"]);
    contains(&text(&["license", "list"]), &["never"]);
}
