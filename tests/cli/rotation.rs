//! From one signing key to the next: nothing fails on the way, and every answer is one that a client can verify.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use keyseal_test_support::{agent, is_signed_by};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Server, contains, done, golden_key, initialized, keyseal, put_private, refused};

const CLIENTS: usize = 4;
/// How many answers are looked at before and after each step.
const SOME: usize = 40;

/// A product with a key of its own and a license, an API key, and a server.
struct World {
    data: TempDir,
    api_key: String,
}

impl World {
    fn new() -> Self {
        let data = initialized();
        done(data.path(), &["product", "create", "--name", "P", "--own-key"]);
        done(data.path(), &["license", "create", "--product", "1", "--key", "KEY", "--status", "assigned"]);
        done(data.path(), &["license", "activate", "KEY", "--identifier", "domain.ltd"]);
        let made = done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"]);
        Self { api_key: made["api_key"].as_str().unwrap().to_owned(), data }
    }

    fn path(&self) -> &Path {
        self.data.path()
    }

    /// An answer that the product signs.
    fn ask_product(&self, agent: &ureq::Agent, server: &str) -> String {
        self.verify(agent, server, "KEY")
    }

    /// An answer that the global key signs: of a license that nobody knows.
    fn ask_global(&self, agent: &ureq::Agent, server: &str) -> String {
        self.verify(agent, server, "UNKNOWN")
    }

    fn verify(&self, agent: &ureq::Agent, server: &str, license_key: &str) -> String {
        let fields =
            [("api_key", self.api_key.as_str()), ("license_key", license_key), ("identifier", "domain.ltd")];
        let mut response = agent.post(format!("{server}/api/v1/verify")).send_form(fields).unwrap();
        assert_eq!(response.status(), 200);
        response.body_mut().read_to_string().unwrap()
    }
}

/// A published key.
struct Key {
    owner: Value,
    state: String,
    pem: String,
    from: Option<i64>,
    until: Option<i64>,
}

fn published(server: &str) -> Vec<Key> {
    let mut response = agent().get(format!("{server}/.well-known/keyseal-keys.json")).call().unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let keys: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let keys = keys.as_array().unwrap().iter().map(|key| Key {
        owner: key["owner"].clone(),
        state: text(&key["state"]),
        pem: text(&key["pem"]),
        from: key["from"].as_i64(),
        until: key["until"].as_i64(),
    });
    keys.collect()
}

fn states(keys: &[Key], owner: &Value) -> Vec<String> {
    keys.iter().filter(|key| key.owner == *owner).map(|key| key.state.clone()).collect()
}

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
