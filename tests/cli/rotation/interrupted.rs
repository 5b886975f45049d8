//! Rotations that are interrupted, and finished later.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use keyseal_test_support::{agent, is_signed_by};
use serde_json::Value;

use super::World;
use crate::support::{Server, contains, done, initialized, refused};

#[test]
fn a_switch_that_was_interrupted_loses_no_key_and_can_be_finished() {
    let world = World::new();
    let keys = world.path().join("keys");
    done(world.path(), &["signing-key", "rotate", "--product", "1"]);
    let list = done(world.path(), &["signing-key", "list"]);
    let of = |state: &str| {
        let found =
            list.as_array().unwrap().iter().find(|key| key["product_id"] == 1 && key["state"] == state);
        found.unwrap().clone()
    };
    let (current, next) = (of("current"), of("next"));
    // As far as the files get before the database says so.
    let start = &current["fingerprint"].as_str().unwrap()[..16];
    fs::hard_link(keys.join("product-1.pem"), keys.join(format!("product-1-{start}.pem"))).unwrap();
    fs::rename(keys.join("product-1-next.pem"), keys.join("product-1.pem")).unwrap();
    let server = Server::start(world.path());
    let pem = |key: &Value| key["public_key"].as_str().unwrap().to_owned();
    assert!(is_signed_by(&pem(&current), &world.ask_product(&agent(), server.url())));
    contains(
        &refused(world.path(), &["signing-key", "rotate", "--withdraw", "--product", "1"]),
        &["finish it with"],
    );
    done(world.path(), &["signing-key", "rotate", "--activate", "--product", "1"]);
    assert!(is_signed_by(&pem(&next), &world.ask_product(&agent(), server.url())));
}

#[test]
fn an_interrupted_switch_of_the_global_key_is_told_of_backed_up_and_finished() {
    let original = initialized();
    fs::set_permissions(original.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let next = done(original.path(), &["signing-key", "rotate"]);
    // As far as the files get before the database says so.
    let keys = original.path().join("keys");
    fs::rename(keys.join("global-next.pem"), keys.join("global.pem")).unwrap();
    let found = done(original.path(), &["doctor", "--listen", "127.0.0.1:0"]);
    let of_key = found.as_array().unwrap().iter().find(|finding| finding["check"] == "global key").unwrap();
    assert_eq!(of_key["state"], "warning", "{of_key}");
    contains(of_key["next"].as_str().unwrap(), &["rotate --activate"]);
    let outside = tempfile::tempdir().unwrap();
    let (backup, restored) = (outside.path().join("backup"), outside.path().join("restored"));
    done(original.path(), &["backup", backup.to_str().unwrap()]);
    done(&restored, &["restore", backup.to_str().unwrap()]);
    // By hand, or by the next start.
    done(original.path(), &["signing-key", "rotate", "--activate"]);
    assert_eq!(Server::start(&restored).end("-TERM").code, Some(0));
    for data in [original.path(), &restored] {
        let list = done(data, &["signing-key", "list"]);
        assert_eq!((&list[0]["state"], &list[0]["fingerprint"]), (&"current".into(), &next["fingerprint"]));
        assert_eq!(list[1]["state"], "former");
    }
}

#[test]
fn a_key_whose_installation_was_interrupted_after_its_commit_signs_from_its_staged_file() {
    let world = World::new();
    let keys = world.path().join("keys");
    let list = done(world.path(), &["signing-key", "list"]);
    let own = list.as_array().unwrap().iter().find(|key| key["product_id"] == 1).unwrap().clone();
    let staged = keys.join(format!("staged-{}.pem", &own["fingerprint"].as_str().unwrap()[..16]));
    fs::rename(keys.join("product-1.pem"), &staged).unwrap();
    let server = Server::start(world.path());
    assert!(is_signed_by(own["public_key"].as_str().unwrap(), &world.ask_product(&agent(), server.url())));
    drop(server);
    // A key that no database names, as a command leaves it that was interrupted before its commit.
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let unnamed = keys.join("staged-0000000000000000.pem");
    fs::copy(keys.join("global.pem"), &unnamed).unwrap();
    let leftovers = || {
        let found = done(world.path(), &["doctor", "--listen", "127.0.0.1:0"]);
        let found = found.as_array().unwrap().iter().find(|finding| finding["check"] == "leftover files");
        found.unwrap().clone()
    };
    for _ in 0..2 {
        let found = leftovers();
        assert_eq!(found["state"], "warning", "{found}");
        let next: Vec<&str> = found["next"].as_str().unwrap().split(' ').collect();
        match next[..] {
            ["rm", path] => fs::remove_file(path).unwrap(),
            ["mv", from, to] => fs::rename(from, to).unwrap(),
            _ => panic!("{next:?}"),
        }
    }
    assert_ne!(leftovers()["state"], "warning");
    assert!(keys.join("product-1.pem").exists() && !unnamed.exists());
}
