//! The commands of a rotation, and a server that is told of it.

use std::fs;
use std::path::Path;

use keyseal_test_support::{agent, is_signed_by};
use serde_json::Value;

use super::{World, published};
use crate::support::{Server, contains, done, golden_key, initialized, keyseal, put_private, refused};

#[test]
fn the_keys_of_a_rotation_are_listed_printed_and_taken_back() {
    let data = initialized();
    let data = data.path();
    contains(
        &refused(data, &["signing-key", "rotate", "--activate"]),
        &["no next global key", "signing-key rotate\""],
    );
    contains(&refused(data, &["signing-key", "rotate", "--product", "1"]), &["no product 1"]);
    done(data, &["product", "create", "--name", "P"]);
    contains(
        &refused(data, &["signing-key", "rotate", "--product", "1"]),
        &["no key of its own", "generate --product 1"],
    );
    contains(&refused(data, &["signing-key", "public", "--next"]), &["no next global key"]);

    let global = data.join("keys/global.pem");
    let global = global.to_str().unwrap();
    contains(
        &refused(data, &["signing-key", "rotate", "--key", global]),
        &["this is the current global key"],
    );
    assert!(!data.join("keys/global-next.pem").exists());

    let next = done(data, &["signing-key", "rotate"]);
    assert_eq!((&next["state"], &next["from"]), (&Value::from("next"), &Value::Null));
    contains(
        &refused(data, &["signing-key", "rotate"]),
        &["there is a next global key already", "--activate", "--withdraw"],
    );
    let printed = keyseal(data, &["signing-key", "public", "--next"]).stdout;
    assert_eq!(String::from_utf8(printed).unwrap(), next["public_key"].as_str().unwrap());
    done(data, &["signing-key", "rotate", "--withdraw"]);
    assert!(!data.join("keys/global-next.pem").exists());

    let current = done(data, &["signing-key", "public"]);
    let next = done(data, &["signing-key", "rotate"]);
    // Nobody serves: there is nobody to tell.
    assert!(done(data, &["signing-key", "rotate", "--activate"]).get("next").is_none());
    assert_eq!(done(data, &["signing-key", "public"])["public_key"], next["public_key"]);
    assert_eq!(done(data, &["signing-key", "public", "--former"])[0]["public_key"], current["public_key"]);
    let list = done(data, &["signing-key", "list"]);
    let row = |at: usize| (list[at]["state"].as_str().unwrap(), list[at]["public_key"].clone());
    assert_eq!(row(0), ("current", next["public_key"].clone()));
    assert_eq!(row(1), ("former", current["public_key"].clone()));
    assert_eq!(list[1]["until"], list[0]["from"]);
    for file in [&list[0]["file"], &list[1]["file"]] {
        assert!(Path::new(file.as_str().unwrap()).exists(), "{file}");
    }
}

#[test]
fn every_change_of_a_signing_key_leaves_an_entry() {
    let data = initialized();
    let data = data.path();
    let fingerprint = |key: &Value| key["fingerprint"].as_str().unwrap().to_owned();
    let first = fingerprint(&done(data, &["signing-key", "public"]));
    done(data, &["product", "create", "--name", "P", "--own-key"]);
    let rotate = |options: &[&str]| done(data, &[&["signing-key", "rotate"], options].concat());
    let withdrawn = fingerprint(&rotate(&[]));
    rotate(&["--withdraw"]);
    let second = fingerprint(&rotate(&[]));
    rotate(&["--activate"]);
    let of_product = fingerprint(&rotate(&["--product", "1"]));
    rotate(&["--product", "1", "--activate"]);
    fs::remove_file(data.join("keys/global.pem")).unwrap();
    let third = fingerprint(&done(data, &["signing-key", "generate", "--replace-lost"]));
    // What is refused leaves none.
    refused(data, &["signing-key", "generate"]);
    let entries = done(data, &["audit", "list"]);
    let of_keys = entries.as_array().unwrap().iter().filter(|entry| entry["subject"] == "signing_key");
    let text = |entry: &Value| {
        ["action", "change", "subject_id", "detail"]
            .map(|name| entry[name].to_string().replace('"', ""))
            .join("|")
    };
    let expected = [
        format!("init|set|null|{first}"),
        format!("signing-key rotate|published|null|{withdrawn}"),
        "signing-key rotate|withdrawn|null|null".to_owned(),
        format!("signing-key rotate|published|null|{second}"),
        format!("signing-key rotate|set|null|{second}, after {first}"),
        format!("signing-key rotate|published|1|{of_product}"),
        format!("signing-key generate|set|null|{third}, after {second}"),
    ];
    assert_eq!(of_keys.map(text).collect::<Vec<_>>(), expected);
    let printed = String::from_utf8(keyseal(data, &["audit", "list"]).stdout).unwrap();
    contains(&printed, &["global signing key set", "signing key of product 1 published"]);
}

#[test]
fn a_server_that_was_not_told_of_a_switch_is_told_of_until_it_is() {
    let data = initialized();
    let data = data.path();
    let before = done(data, &["signing-key", "public"])["fingerprint"].as_str().unwrap().to_owned();
    let mut server = Server::start(data);
    let told = || {
        let found = keyseal(data, &["--json", "doctor", "--listen", "127.0.0.1:0"]).stdout;
        let found: Vec<Value> = serde_json::from_slice(&found).unwrap();
        let of_server = found.into_iter().find(|finding| finding["check"] == "server").unwrap();
        let list = keyseal(data, &["signing-key", "list"]).stderr;
        (of_server, String::from_utf8(list).unwrap())
    };
    done(data, &["signing-key", "rotate"]);
    assert_eq!(told().0["state"], "right");
    let next = done(data, &["signing-key", "rotate", "--activate"])["next"].clone();
    let (of_server, list) = told();
    assert_eq!((&of_server["state"], &of_server["next"]), (&"warning".into(), &next));
    contains(of_server["message"].as_str().unwrap(), &[&before]);
    contains(&list, &[&before, next.as_str().unwrap()]);
    server.signal("-HUP");
    server.log_until("the global signing key is now");
    let (of_server, list) = told();
    assert_eq!((of_server["state"].as_str(), list.as_str()), (Some("right"), ""));
}

#[test]
fn a_hangup_changes_nothing_where_nothing_changed_and_a_key_that_cannot_be_read_stays_out() {
    let world = World::new();
    let mut server = Server::start(world.path());
    let before = published(server.url()).into_iter().find(|key| key.owner == "global").unwrap();
    server.signal("-HUP");
    server.log_until("the global signing key is the same as before");
    put_private(&golden_key("rsa-1024.pem"), &world.path().join("keys/global.pem"));
    server.signal("-HUP");
    contains(&server.log_until("still signs"), &["ERROR", "smaller than 2048 bits"]);
    assert!(is_signed_by(&before.pem, &world.ask_global(&agent(), server.url())));
    assert_eq!(server.end("-TERM").code, Some(0));
}
