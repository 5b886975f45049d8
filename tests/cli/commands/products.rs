//! Commands on products, and how other commands name a product.

use keyseal_test_support::{Receiver, post_form};
use serde_json::{Value, json};

use crate::support::{Server, contains, create_license, done, initialized, keyseal, program, refused};

#[test]
fn every_field_of_a_product_is_changed_and_shown() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P", "--post-url", "https://old.example/"]);
    let fields = [
        ("--name", "Q", "name", json!("Q")),
        ("--description", "D", "description", json!("D")),
        ("--slug", "q-1", "slug", json!("q-1")),
        ("--external-reference", "SKU-1", "external_reference", json!("SKU-1")),
        ("--post-url", "https://shop.example/hook", "post_url", json!("https://shop.example/hook")),
        ("--features", " { \"seats\": 3 } ", "features", json!({ "seats": 3 })),
        ("--source", "envato", "source", json!("envato")),
        ("--changelog", "yes", "changelog_enabled", json!(true)),
        ("--require-non-expired", "yes", "require_non_expired", json!(true)),
    ];
    for (option, value, field, expected) in &fields {
        let changed = done(data, &["product", "update", "1", option, value]);
        assert_eq!(&changed[field], expected);
    }
    let shown = done(data, &["product", "show", "q-1"]);
    for (_, _, field, expected) in &fields {
        assert_eq!(&shown[field], expected);
    }
    let text = String::from_utf8(keyseal(data, &["product", "show", "Q"]).stdout).unwrap();
    contains(&text, &["product 1 \"Q\", active", "https://shop.example/hook", "0 assigned", "{\"seats\":3}"]);
    let emptied = done(data, &["product", "update", "1", "--post-url", "", "--features", "", "--slug", ""]);
    assert_eq!(
        (&emptied["post_url"], &emptied["features"], &emptied["slug"]),
        (&json!(""), &json!([]), &Value::Null)
    );
    for (arguments, parts) in [
        (["--post-url", "ftp://x.example/"], &["--post-url: the URL is not an http or https URL"][..]),
        (["--features", "updates"], &["--features is not JSON", "[\"updates\"]"]),
        (["--name", " "], &["--name is empty"]),
    ] {
        contains(&refused(data, &[&["product", "update", "1"][..], &arguments[..]].concat()), parts);
    }
}

#[test]
fn the_webhook_of_a_product_is_sent_where_an_activation_has_none() {
    let data = initialized();
    let data = data.path();
    let receiver = Receiver::answering(&[200]);
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["product", "update", "P", "--post-url", &receiver.url("/ended")]);
    create_license(data, "K", &["--status", "assigned"]);
    done(data, &["license", "activate", "K", "--identifier", "a"]);
    let _server = Server::start_with(data, &["--allow-private-targets"]);
    done(data, &["license", "deactivate", "K", "--identifier", "a"]);
    let posted = receiver.next();
    assert_eq!(posted.line, "POST /ended HTTP/1.1");
    contains(&posted.body, &["\"license_key\":\"K\""]);
}

#[test]
fn a_product_is_not_deleted_by_a_command_while_licenses_are_assigned_unless_told() {
    let data = initialized();
    let data = data.path();
    let key = done(data, &["api-key", "create", "--name", "k", "--capability", "*"])["api_key"].clone();
    for name in ["P", "Q"] {
        done(data, &["product", "create", "--name", name]);
        done(data, &["license", "create", "--product", name, "--key", name, "--status", "assigned"]);
    }
    contains(
        &refused(data, &["product", "delete", "P"]),
        &["product 1 has 1 assigned license:", "203", "--even-with-licenses"],
    );
    let deleted = done(data, &["product", "delete", "P", "--even-with-licenses"]);
    assert_eq!((&deleted["deleted"], &deleted["assigned_licenses"]), (&json!(true), &json!(1)));
    assert_eq!(done(data, &["license", "list"]).as_array().unwrap().len(), 2);
    // The API deletes as ever.
    let server = Server::start(data);
    let (_, body) = post_form(
        &format!("{}/api/v1/delete-product", server.url()),
        &[("api_key", key.as_str().unwrap()), ("product_id", "2")],
    );
    contains(&body, &["\"code\":550"]);
    // Without an assigned license nothing has to be told.
    done(data, &["product", "create", "--name", "R"]);
    done(data, &["license", "create", "--product", "R", "--key", "R"]);
    assert_eq!(done(data, &["product", "delete", "R"])["assigned_licenses"], 0);
}

/// The commands whose help has this option, by their words.
fn commands_with(option: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut left = vec![Vec::<String>::new()];
    while let Some(words) = left.pop() {
        let output = program().args(&words).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let listed = help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap();
        for line in listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = line.split_whitespace().next().unwrap();
            if name != "help" {
                left.push([words.clone(), vec![name.to_owned()]].concat());
            }
        }
        if let Some((_, rest)) = help.split_once(&format!("      {option} ")) {
            let text = rest.split("\n      --").next().unwrap();
            found.push((words, text.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
    }
    found
}

#[test]
fn every_command_takes_a_product_by_id_uuid_slug_or_name() {
    let commands = commands_with("--product");
    assert!(commands.len() >= 10, "{commands:?}");
    for (words, text) in &commands {
        assert!(text.contains("id, UUID, slug or name"), "{words:?}: {text}");
    }
    let data = initialized();
    let data = data.path();
    let product = done(data, &["product", "create", "--name", "One", "--slug", "first"]);
    for _ in 0..2 {
        done(data, &["product", "create", "--name", "Twin"]);
    }
    let uuid = product["uuid"].as_str().unwrap();
    for list in [["license", "list"], ["generator", "list"], ["download", "list"], ["license", "export"]] {
        for reference in ["1", uuid, "first", "One"] {
            let output = keyseal(data, &[&list[..], &["--product", reference]].concat());
            assert!(
                output.status.success(),
                "{list:?} {reference}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        contains(
            &refused(data, &[&list[..], &["--product", "Twin"]].concat()),
            &["several products are called \"Twin\"", "one of 2, 3"],
        );
        contains(&refused(data, &[&list[..], &["--product", "None"]].concat()), &["no product \"None\""]);
    }
}
