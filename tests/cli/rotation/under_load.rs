//! Rotations while clients verify every answer.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::{fs, thread};

use keyseal_test_support::{agent, is_signed_by};
use serde_json::Value;

use super::{Key, World, published, states};
use crate::support::{Server, contains, done};

const CLIENTS: usize = 4;
/// How many answers are looked at before and after each step.
const SOME: usize = 40;

/// One verified answer: whether the product signed it or the global key, and whether the next key or the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    is_products: bool,
    is_next: bool,
}

/// Asks until it is told to stop, and verifies each answer by the keys that it knew before. Panics at the
/// first that is nobody's, and if an owner goes back to a key.
fn client(world: &World, server: &str, keys: &[Key], stop: &AtomicBool, seen: &Sender<Seen>) {
    let (agent, mut last) = (agent(), [false, false]);
    while !stop.load(Ordering::Relaxed) {
        for is_products in [true, false] {
            let answer = if is_products {
                world.ask_product(&agent, server)
            } else {
                world.ask_global(&agent, server)
            };
            let label = if is_products {
                "\"private_key_used\":\"product\""
            } else {
                "\"private_key_used\":\"global\""
            };
            contains(&answer, &[label, if is_products { "\"code\":200," } else { "\"code\":210," }]);
            let signer =
                keys.iter().find(|key| key.owner.is_i64() == is_products && is_signed_by(&key.pem, &answer));
            let is_next = signer.unwrap_or_else(|| panic!("nobody's signature: {answer}")).state == "next";
            assert!(is_next || !last[usize::from(is_products)], "back to the key before");
            last[usize::from(is_products)] = is_next;
            if seen.send(Seen { is_products, is_next }).is_err() {
                // Whoever counts has failed.
                return;
            }
        }
    }
}

/// Waits for so many answers of this kind.
fn wait_for(seen: &Receiver<Seen>, some: usize, wanted: Seen) {
    let mut count = 0;
    while count < some {
        count += usize::from(seen.recv().unwrap() == wanted);
    }
}

#[test]
fn keys_are_rotated_under_load_and_every_answer_is_verified_by_keys_published_before() {
    let world = World::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
    command.arg("--data").arg(world.path()).args(["serve", "--listen", "127.0.0.1:0"]);
    // Nobody reads the log all the time: a line for each request would fill the pipe.
    let mut server =
        Server::run(command.arg("--no-rate-limit").env("RUST_LOG", "warn,keyseal=info,keyseal::request=off"));
    let url = server.url().to_owned();
    done(world.path(), &["signing-key", "rotate"]);
    done(world.path(), &["signing-key", "rotate", "--product", "1"]);
    let keys = published(&url);
    let (global, product) = (Value::from("global"), Value::from(1));
    assert_eq!(states(&keys, &global), ["next", "current"]);
    assert_eq!(states(&keys, &product), ["next", "current"]);
    let stop = &AtomicBool::new(false);
    thread::scope(|scope| {
        let (sender, seen) = channel();
        for _ in 0..CLIENTS {
            let (sender, world, url, keys) = (sender.clone(), &world, &url, &keys);
            scope.spawn(move || client(world, url, keys, stop, &sender));
        }
        // A client that fails ends this too, and not in silence.
        drop(sender);
        for is_products in [true, false] {
            wait_for(&seen, SOME, Seen { is_products, is_next: false });
        }
        done(world.path(), &["signing-key", "rotate", "--activate", "--product", "1"]);
        wait_for(&seen, SOME, Seen { is_products: true, is_next: true });
        let activated = done(world.path(), &["signing-key", "rotate", "--activate"]);
        // A running server goes over when it is told to, and says the truth until then.
        wait_for(&seen, SOME, Seen { is_products: false, is_next: false });
        assert_eq!(states(&published(&url), &global), ["next", "current"]);
        let command = activated["next"].as_str().unwrap();
        assert_eq!(command, format!("kill -HUP {}", server.pid()));
        assert!(Command::new("sh").args(["-c", command]).status().unwrap().success());
        server.log_until("the global signing key is now");
        wait_for(&seen, SOME, Seen { is_products: false, is_next: true });
        stop.store(true, Ordering::Relaxed);
    });
    let after = published(&url);
    for owner in [&global, &product] {
        assert_eq!(states(&after, owner), ["current", "former"]);
        let of = |state: &str| after.iter().find(|key| key.owner == *owner && key.state == state).unwrap();
        assert_eq!(of("former").until, of("current").from);
        assert!(of("current").from.is_some() && of("current").until.is_none());
        let next = keys.iter().find(|key| key.owner == *owner && key.state == "next").unwrap();
        assert_eq!(of("current").pem, next.pem);
    }
    assert_eq!(server.end("-TERM").code, Some(0));
    let server = Server::start(world.path());
    let answer = world.ask_global(&agent(), server.url());
    assert!(is_signed_by(&after.iter().find(|key| key.owner == global).unwrap().pem, &answer));
}

#[test]
fn a_request_that_comes_again_after_a_rotation_gets_an_answer_that_published_keys_verify() {
    let world = World::new();
    let server = Server::start(world.path());
    let ask = |server: &Server, license_key: &str| {
        let fields = [
            ("api_key", world.api_key.as_str()),
            ("license_key", license_key),
            ("identifier", "domain.ltd"),
            ("key", "k"),
            ("value", "v"),
        ];
        let request = agent().post(format!("{}/api/v1/create-license-key-meta", server.url()));
        let mut response = request.header("Idempotency-Key", "once").send_form(fields).unwrap();
        response.body_mut().read_to_string().unwrap()
    };
    let before = ask(&server, "KEY");
    contains(&before, &["\"code\":453,", "\"private_key_used\":\"product\""]);
    for options in [&["--product", "1"][..], &["--product", "1", "--activate"]] {
        done(world.path(), &[&["signing-key", "rotate"], options].concat());
    }
    let other = ask(&server, "UNKNOWN");
    contains(&other, &["\"code\":210,"]);
    assert_eq!(ask(&server, "KEY"), before, "by the key that signed it then");
    let former = published(server.url()).into_iter().find(|key| key.state == "former").unwrap();
    assert!(is_signed_by(&former.pem, &before));
    assert!(!is_signed_by(&former.pem, &world.ask_product(&agent(), server.url())));
    // Also by a server that has never seen the key before.
    drop(server);
    let server = Server::start(world.path());
    assert_eq!(ask(&server, "KEY"), before);
    // And by one that has it no more: the same text, by the key that signs now.
    drop(server);
    let list = done(world.path(), &["signing-key", "list"]);
    let former = list.as_array().unwrap().iter().find(|key| key["state"] == "former").unwrap();
    fs::remove_file(former["file"].as_str().unwrap()).unwrap();
    let server = Server::start(world.path());
    let again = ask(&server, "KEY");
    let current = done(world.path(), &["signing-key", "public", "--product", "1"]);
    assert!(is_signed_by(current["public_key"].as_str().unwrap(), &again));
    let text = |envelope: &str| serde_json::from_str::<Value>(envelope).unwrap()["response_base64"].clone();
    assert_eq!(text(&again), text(&before));
}
