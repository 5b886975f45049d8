//! Customers: the licenses of one e-mail address, and what corrects them.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{contains, done, initialized, keyseal, refused};

/// Two products, and licenses of three customers.
fn world() -> TempDir {
    let data = initialized();
    for product in ["Editor", "Player"] {
        done(data.path(), &["product", "create", "--name", product]);
    }
    for (key, product, name, email) in [
        ("A1", "1", "Anna", "anna@shop.example"),
        ("J1", "1", "", "Jürgen@Shop.example"),
        ("J2", "2", "Jürgen Groß", "JÜRGEN@shop.example"),
        ("J3", "2", "", "ju\u{308}rgen@shop.example"),
        ("Z1", "2", "Zoë", "zoe@shop.example"),
    ] {
        let create = ["license", "create", "--key", key, "--product", product, "--status", "assigned"];
        done(data.path(), &[&create[..], &["--owner-name", name, "--owner-email", email]].concat());
    }
    done(data.path(), &["license", "create", "--key", "FREE", "--product", "1"]);
    data
}

fn emails(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|customer| customer["email"].as_str().unwrap()).collect()
}

fn printed(data: &Path, arguments: &[&str]) -> (String, String) {
    let output = keyseal(data, arguments);
    assert!(output.status.success(), "{arguments:?}");
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn customers_are_the_licenses_of_one_address_however_it_is_written() {
    let data = world();
    let data = data.path();
    done(data, &["license", "activate", "J1", "--identifier", "pc-1"]);
    done(data, &["license", "activate", "J3", "--identifier", "pc-1"]);
    let list = done(data, &["customer", "list"]);
    assert_eq!(emails(&list), ["anna@shop.example", "ju\u{308}rgen@shop.example", "zoe@shop.example"]);
    let jürgen = &list[1];
    assert!(jürgen["last_seen"].is_string() && list[0]["last_seen"].is_null());
    let products = json!([
        { "id": 1, "name": "Editor", "licenses": 1 }, { "id": 2, "name": "Player", "licenses": 2 },
    ]);
    assert_eq!(
        (&jürgen["name"], &jürgen["licenses"], &jürgen["seats"], &jürgen["products"]),
        (&json!("Jürgen Groß"), &json!(3), &json!(2), &products)
    );
    let shown = done(data, &["customer", "show", "JÜRGEN@SHOP.EXAMPLE"]);
    let keys: Vec<&Value> =
        shown["license_keys"].as_array().unwrap().iter().map(|license| &license["license_key"]).collect();
    assert_eq!(keys, ["J1", "J2", "J3"]);
    let (text, _) = printed(data, &["customer", "show", "jürgen@shop.example"]);
    contains(&text, &["Jürgen Groß: 3 licenses, 2 seats, last seen ", "products: Editor, 2 × Player", "J2"]);
    done(data, &["product", "delete", "2", "--even-with-licenses"]);
    contains(&printed(data, &["customer", "list"]).0, &["2 × product 2 (deleted)"]);
}

#[test]
fn pages_of_customers_follow_each_other_while_others_are_added() {
    let data = world();
    let data = data.path();
    let page = |after: &str| done(data, &["customer", "list", "--limit", "1", "--after", after]);
    let (text, note) = printed(data, &["customer", "list", "--limit", "2"]);
    assert_eq!(text.lines().count(), 3);
    contains(&note, &["there are more: --after jürgen@shop.example"]);
    assert_eq!(printed(data, &["customer", "list", "--limit", "3"]).1, "");
    assert_eq!(emails(&page("")), ["anna@shop.example"]);
    let create = ["license", "create", "--key", "B1", "--product", "1"];
    done(data, &[&create[..], &["--owner-email", "aaron@shop.example"]].concat());
    assert_eq!(emails(&page("ANNA@shop.example")), ["ju\u{308}rgen@shop.example"]);
    assert_eq!(page("zoe@shop.example"), json!([]));
    let output = keyseal(data, &["customer", "list", "--limit", "0"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_unknown_customer_is_told_with_those_who_may_be_meant() {
    let data = world();
    let data = data.path();
    for (asked, next) in [
        ("zoe@shop.exampel", "did you mean \"zoe@shop.example\"?"),
        ("ann", "did you mean \"anna@shop.example\"?"),
        ("jürgen gr", "did you mean \"jürgen@shop.example\"?"),
        ("nobody@x.example", "see \"keyseal customer list\""),
        ("", "see \"keyseal customer list\""),
    ] {
        let said = refused(data, &["customer", "show", asked]);
        contains(&said, &[&format!("customer \"{asked}\" not found: {next}")]);
    }
    for command in [&["rename", "zoe@shop", "--name", "Z"][..], &["merge", "zoe@shop", "anna@shop.example"]] {
        let said = refused(data, &[&["customer"], command].concat());
        contains(&said, &["customer \"zoe@shop\" not found: did you mean \"zoe@shop.example\"?"]);
    }
}

#[test]
fn a_correction_ends_nothing() {
    let data = world();
    let data = data.path();
    done(data, &["license", "update", "J2", "--status", "blocked"]);
    done(data, &["license", "activate", "J1", "--identifier", "pc-1"]);
    let assigned_at = |data: &Path| {
        let licenses = done(data, &["license", "list"]);
        licenses.as_array().unwrap().iter().map(|license| license["assigned_at"].clone()).collect::<Vec<_>>()
    };
    let before = assigned_at(data);
    let rename = ["customer", "rename", "jürgen@shop.example"];
    let renamed =
        done(data, &[&rename[..], &["--name", "Jürgen Grosz", "--email", "jg@new.example"]].concat());
    assert_eq!(renamed, json!({ "email": "jg@new.example", "name": "Jürgen Grosz", "licenses": 3 }));
    let shown = done(data, &["customer", "show", "JG@new.example"]);
    assert_eq!(
        (&shown["licenses"], &shown["seats"], &shown["name"]),
        (&json!(3), &json!(1), &renamed["name"])
    );
    assert_eq!(assigned_at(data), before);
    assert_eq!(shown["license_keys"][1]["status"], "blocked");
    contains(&refused(data, &["customer", "show", "jürgen@shop.example"]), &["not found"]);
    // Another spelling of the same address is a correction too.
    let respelled = done(data, &["customer", "rename", "jg@new.example", "--email", "JG@New.example"]);
    assert_eq!((&respelled["email"], &respelled["licenses"]), (&json!("JG@New.example"), &json!(3)));
    let trail = done(data, &["audit", "list", "--license", "J1"]);
    let last = trail.as_array().unwrap().last().unwrap();
    assert_eq!((&last["action"], &last["change"]), (&json!("customer rename"), &json!("changed")));
    contains(last["detail"].as_str().unwrap(), &["owner email jg@new.example -> JG@New.example"]);
    assert_eq!(keyseal(data, &["customer", "rename", "jg@new.example"]).status.code(), Some(2));
    contains(&refused(data, &["customer", "rename", "jg@new.example", "--email", " "]), &["it is empty"]);
}

#[test]
fn two_addresses_of_one_person_become_one_customer() {
    let data = world();
    let data = data.path();
    done(data, &["license", "activate", "A1", "--identifier", "pc-1"]);
    let rename = ["customer", "rename", "anna@shop.example", "--email", "Zoe@shop.example"];
    contains(&refused(data, &rename), &["is a customer already", "customer merge anna@shop.example"]);
    let same = ["customer", "merge", "zoe@shop.example", "ZOE@shop.example"];
    contains(&refused(data, &same), &["both are the customer zoe@shop.example"]);
    let merged = done(data, &["customer", "merge", "anna@shop.example", "zoe@shop.example"]);
    assert_eq!(merged, json!({ "from": "anna@shop.example", "into": "zoe@shop.example", "licenses": 1 }));
    let shown = done(data, &["customer", "show", "zoe@shop.example"]);
    assert_eq!((&shown["licenses"], &shown["seats"]), (&json!(2), &json!(1)));
    assert_eq!(shown["license_keys"][0]["owner_name"], "Zoë");
}
