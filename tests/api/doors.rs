//! One table of values through every door to a license: the API, the command line and an import take the same, refuse
//! the same, and keep the same.

use std::fs;

use serde_json::{Value, json};

use crate::support::{TestServer, try_keyseal};

const EVERY: &[Door] = &[Door::Create, Door::Update, Door::CommandCreate, Door::CommandUpdate, Door::Import];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Create,
    Update,
    CommandCreate,
    CommandUpdate,
    Import,
}

impl Door {
    /// Sets a field of a license to a text. Gives the field afterwards; none if the text was refused, and nothing
    /// written.
    fn set(self, server: &TestServer, field: &str, value: &str) -> Option<Value> {
        let key = "DOOR";
        server.command(&["license", "create", "--product", "1", "--key", "OTHER"]);
        let updates = matches!(self, Self::Update | Self::CommandUpdate);
        if updates {
            server.command(&["license", "create", "--product", "1", "--key", key, "--activation-limit", "9"]);
        }
        let before = server.command(&["license", "list"]);
        let option = format!("--{}", field.trim_end_matches("_id").replace('_', "-"));
        let set = [option.as_str(), value];
        let accepted = match self {
            Self::Create => {
                let mut body = json!({
                    "license_keys": [key], "product_id": 1, "activation_limit": 9, "validity": 0, "status": "available",
                });
                body[field] = value.into();
                server.post_json("create-license-keys", &body).code == 900
            }
            Self::Update => {
                let mut body = json!({ "license_key": key });
                body[field] = value.into();
                server.post_json("update-license-key", &body).code == 950
            }
            Self::CommandCreate => {
                let words: &[&str] = if field == "product_id" { &[] } else { &["--product", "1"] };
                let command = [&["license", "create", "--key", key], words, &set].concat();
                try_keyseal(server.data(), &command).0
            }
            Self::CommandUpdate => {
                try_keyseal(server.data(), &[&["license", "update", key], &set[..]].concat()).0
            }
            Self::Import => {
                let file = server.data().join("door.csv");
                let quoted = format!("\"{}\"", value.replace('"', "\"\""));
                let text = if field == "product_id" {
                    format!("license_key,product_id\n{key},{quoted}\n")
                } else {
                    format!("license_key,product_id,{field}\n{key},1,{quoted}\n")
                };
                fs::write(&file, text).unwrap();
                try_keyseal(server.data(), &["license", "import", file.to_str().unwrap()]).0
            }
        };
        let after = server.command(&["license", "list"]);
        let found = after.as_array().unwrap().iter().find(|license| license["license_key"] == key);
        let value = accepted.then(|| found.unwrap_or_else(|| panic!("{self:?}: {after}"))[field].clone());
        if !accepted {
            assert_eq!(after, before, "{self:?} {field}");
        }
        server.command(&["license", "delete", "OTHER"]);
        if accepted || updates {
            server.command(&["license", "delete", key]);
        }
        value
    }
}

#[test]
fn every_door_takes_the_same_values_and_keeps_the_same() {
    let server = TestServer::start();
    server.command(&["product", "update", "2", "--name", "The Second", "--slug", "second"]);
    let long = "x".repeat(256);
    let longest = "y".repeat(255);
    let huge = "z".repeat(100_000);
    for (field, value, kept) in [
        ("activation_limit", "7", Some(json!(7))),
        ("activation_limit", "-1", Some(json!(0))),
        ("activation_limit", "2147483647", Some(json!(2_147_483_647))),
        ("activation_limit", "2147483648", None),
        ("activation_limit", "9999999999", None),
        ("activation_limit", "-2", None),
        ("activation_limit", "1.5", None),
        ("validity", "2147483647", Some(json!(2_147_483_647))),
        ("validity", "99999999999999", None),
        ("validity", "9223372036854775807", None),
        ("validity", "-1", None),
        ("validity", "many", None),
        ("owner_name", longest.as_str(), Some(json!(longest))),
        ("owner_name", long.as_str(), None),
        ("owner_name", huge.as_str(), None),
        ("owner_name", "a\0b", None),
        ("owner_email", " jane@example.com ", Some(json!("jane@example.com"))),
        ("owner_email", long.as_str(), None),
        ("owner_email", "jane\0@example.com", None),
        ("assigned_at", "2024-01-08 00:00:00", Some(json!("2024-01-08 00:00:00"))),
        ("assigned_at", "yesterday", None),
        ("status", "reserved", Some(json!("reserved"))),
        ("status", "expired", None),
        ("product_id", "2", Some(json!(2))),
        ("product_id", "second", Some(json!(2))),
        ("product_id", "The Second", Some(json!(2))),
        ("product_id", "9", None),
        ("product_id", "the third", None),
    ] {
        for door in EVERY {
            let shown: String = value.chars().take(40).collect();
            assert_eq!(door.set(&server, field, value), kept, "{door:?} {field}={shown:?}");
        }
    }
    // The words of newer clients. A client that creates licenses has to write those of this API.
    for (word, kept) in [("suspended", "blocked"), ("inactive", "blocked"), ("active", "assigned")] {
        for door in &EVERY[1..] {
            assert_eq!(door.set(&server, "status", word), Some(json!(kept)), "{door:?} {word}");
        }
    }
    // Whoever makes an assigned license says when it was assigned, or it was now.
    for door in EVERY {
        assert!(door.set(&server, "status", "assigned").is_some(), "{door:?}");
    }
}

#[test]
fn an_assigned_license_of_an_import_was_assigned_now_and_expires() {
    let server = TestServer::start();
    let file = server.data().join("licenses.csv");
    fs::write(&file, "license_key,product_id,status,validity\nA,1,assigned,30\n").unwrap();
    server.command(&["license", "import", file.to_str().unwrap()]);
    let license = &server.command(&["license", "list"])[0];
    assert!(license["assigned_at"].is_string() && license["expires_at"].is_string(), "{license}");
}

#[test]
fn an_import_has_no_more_identifiers_than_the_limit() {
    let server = TestServer::start();
    let file = server.data().join("licenses.csv");
    for (limit, imported) in [("1", false), ("2", false), ("3", true), ("0", true), ("-1", true)] {
        let line = format!("KEY-{limit},1,assigned,{limit},\"[\"\"a\"\",\"\"b\"\",\"\"c\"\"]\"\n");
        fs::write(&file, format!("license_key,product_id,status,activation_limit,identifiers\n{line}"))
            .unwrap();
        let words = ["license", "import", file.to_str().unwrap()];
        assert_eq!(try_keyseal(server.data(), &words).0, imported, "{limit}");
    }
}

#[test]
fn a_product_is_named_by_id_uuid_slug_or_name_wherever_a_command_takes_one() {
    let server = TestServer::start();
    server.command(&["product", "update", "1", "--slug", "the-first", "--name", "The First"]);
    let products = server.post_form("/api/v1/get-product", &[]).code;
    assert_eq!(products, 1905);
    let uuid = server.get(&format!("/api/v1/get-product?api_key={}&product_id=1", server.api_key));
    let uuid = uuid.fields["product"]["uuid"].as_str().unwrap().to_owned();
    for name in ["1", uuid.as_str(), "the-first", "The First"] {
        for command in [
            &["license", "create", "--product", name][..],
            &["license", "list", "--product", name],
            &["generator", "create", "--method", "uuid", "--product", name],
            &["generator", "list", "--product", name],
            &["download", "list", "--product", name],
            &["signing-key", "public", "--product", name],
            &["product", "show", name],
        ] {
            assert!(try_keyseal(server.data(), command).0, "{command:?}");
        }
    }
    server.command(&["product", "create", "--name", "The First"]);
    let (found, _) = try_keyseal(server.data(), &["product", "show", "The First"]);
    assert!(!found, "two products have this name");
    assert!(!try_keyseal(server.data(), &["license", "list", "--product", "nothing"]).0);
}

#[test]
fn a_product_is_changed_and_deleted_by_the_rules_of_the_api() {
    let server = TestServer::start();
    let long = "x".repeat(256);
    for options in [
        &["--name", " "][..],
        &["--name", long.as_str()],
        &["--description", ""],
        &["--slug", "a b"],
        &["--slug", "12"],
        &["--external-reference", long.as_str()],
        &[],
    ] {
        assert!(
            !try_keyseal(server.data(), &[&["product", "update", "1"], options].concat()).0,
            "{options:?}"
        );
    }
    let changed = server.command(&[
        "product",
        "update",
        "1",
        "--name",
        " New ",
        "--slug",
        "new",
        "--inactive",
        "--changelog",
        "yes",
        "--require-non-expired",
        "yes",
    ]);
    let expected = json!({ "name": "New", "slug": "new", "status": "inactive", "changelog_enabled": true });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&changed[field], value);
    }
    assert!(!try_keyseal(server.data(), &["product", "update", "2", "--slug", "new"]).0);
    assert_eq!(server.command(&["product", "update", "new", "--active", "--slug", ""])["slug"], Value::Null);
    server.command(&["product", "delete", "New"]);
    assert!(!try_keyseal(server.data(), &["product", "show", "1"]).0);
}
