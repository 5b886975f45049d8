//! `demo`: a world to play with, and what makes it repeat itself for a test suite.

use std::fs;
use std::path::Path;

use keyseal_test_support::post_form;
use serde_json::{Value, json};

use crate::support::{Exit, Server, contains, create_meta, done, keyseal, put_private, refused};

/// The API key that may do everything in the sample world.
const API_KEY: &str = "2964c3c9-0b5d-4d89-b3ac-4668f30bc492";

const NEW_YEAR: i64 = 1_798_761_600;

/// A demo whose ids and keys repeat, at the beginning of 2027.
fn seeded() -> Server {
    let mut command = crate::support::program();
    command.args(["demo", "--listen", "127.0.0.1:0", "--seed", "7", "--clock", "2027-01-01T00:00:00Z"]);
    Server::run(&mut command)
}

fn post(server: &Server, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let (status, body) = post_form(&format!("{}{path}", server.url()), fields);
    (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}")))
}

fn call(server: &Server, endpoint: &str, fields: &[(&str, &str)]) -> Value {
    let fields = [&[("api_key", API_KEY)], fields].concat();
    post(server, &format!("/api/v1/{endpoint}"), &fields).1["response"].take()
}

fn generate(server: &Server) -> Value {
    call(server, "generate", &[("generator_id", "1"), ("quantity", "2")])["licenseKeys"].take()
}

fn verify(server: &Server, license_key: &str) -> Value {
    call(server, "verify", &[("license_key", license_key), ("identifier", "domain.ltd")])["code"].take()
}

#[test]
fn demo_shows_a_verified_answer_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = crate::support::program();
    let mut demo =
        Server::run(command.args(["demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path()));
    let tour = demo.log_until("Stop with Ctrl-C");
    let verdict = "The signature is valid under the public key of product 1";
    contains(&tour, &["--data-urlencode 'key=test-key'", "\"code\":453", verdict]);
    for (license_key, code) in [
        ("demo-plain-product", 453),
        ("demo-available", 201),
        ("demo-reserved", 201),
        ("demo-blocked", 204),
        ("demo-expired", 205),
        ("demo-full", 202),
        ("demo-retired-product", 203),
    ] {
        let fields = [
            ("api_key", "2964c3c9-0b5d-4d89-b3ac-4668f30bc492"),
            ("license_key", license_key),
            ("identifier", "domain.ltd"),
            ("key", "test-key"),
            ("value", "x"),
        ];
        assert_eq!(create_meta(&demo, &fields)["response"]["code"], code, "{license_key}");
    }
    let Exit { code, output: rest, log } = demo.end("-TERM");
    assert_eq!((code, rest.as_str()), (Some(0), ""), "{log}");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn a_seeded_demo_gives_the_same_ids_and_keys_again() {
    let (first, second) = (seeded(), seeded());
    let keys = generate(&first);
    assert_eq!(keys.as_array().unwrap().len(), 2, "{keys}");
    contains(&keys.to_string(), &["DEMO-"]);
    assert_eq!(generate(&second), keys);
    assert_ne!(generate(&second), keys);
}

#[test]
fn a_key_that_exists_is_made_anew_a_few_times() {
    let (first, second) = (seeded(), seeded());
    let made: Vec<Value> = (0..5).flat_map(|_| generate(&first).as_array().unwrap().clone()).collect();
    let create = |keys: &[Value]| {
        let fields = [
            ("license_keys", json!(keys).to_string()),
            ("product_id", "1".to_owned()),
            ("activation_limit", "1".to_owned()),
            ("validity", "0".to_owned()),
            ("status", "blocked".to_owned()),
        ];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(call(&second, "create-license-keys", &fields)["code"], 900);
    };
    // The second of the pair exists: the key that would come next takes its place.
    create(&made[1..2]);
    assert_eq!(generate(&second), json!([made[0], made[2]]));
    // The first keys after those all exist, and the last attempt makes one that does not.
    create(&made[3..9]);
    let pair = generate(&second);
    assert!(pair.as_array().unwrap().iter().all(|key| !made[..9].contains(key)), "{pair}");
}

#[test]
fn a_reset_brings_the_sample_world_back_with_its_time_and_its_seed() {
    let demo = seeded();
    let keys = generate(&demo);
    let new = [("name", "New"), ("description", "D")];
    assert_eq!(call(&demo, "create-product", &new)["product_id"], 4);
    let gone = [("license_key", "demo-plain-product")];
    assert_eq!(call(&demo, "delete-license-key", &gone)["code"], 850);
    post(&demo, "/demo/clock", &[("advance", "86400")]);

    let (status, told) = post(&demo, "/demo/reset", &[]);
    let now = told["timestamp"].as_i64().unwrap();
    assert!(status == 200 && (NEW_YEAR..NEW_YEAR + 60).contains(&now), "{told}");
    assert_eq!(verify(&demo, "demo-plain-product"), 200);
    assert_eq!(generate(&demo), keys);
    assert_eq!(call(&demo, "create-product", &new)["product_id"], 4);
}

#[test]
fn time_can_be_set_and_moved_both_ways() {
    let demo = seeded();
    let clock = |field| post(&demo, "/demo/clock", &[field]).1["timestamp"].as_i64().unwrap();
    // Expired in 2024, and not yet sold in 2023.
    assert_eq!(verify(&demo, "demo-expired"), 205);
    let set = clock(("now", "2024-03-01 00:00:00"));
    assert!((1_709_251_200..1_709_251_260).contains(&set));
    assert_eq!(verify(&demo, "demo-expired"), 200);
    let moved = clock(("advance", "2592000"));
    assert!((set + 2_592_000..set + 2_592_060).contains(&moved));
    assert_eq!(verify(&demo, "demo-expired"), 205);
    assert!(clock(("advance", "-3600")) < moved - 3000);
    for wrong in [("now", "soon"), ("advance", "x"), ("advance", "9223372036854775807"), ("then", "1")] {
        let (status, told) = post(&demo, "/demo/clock", &[wrong]);
        assert!(status == 400 && told["error"].is_string(), "{wrong:?}: {told}");
    }
}

#[test]
fn nothing_of_it_exists_in_a_server() {
    let data = crate::support::initialized();
    let server = Server::start(data.path());
    for path in ["/demo/reset", "/demo/clock"] {
        let (status, answer) = post(&server, path, &[("now", "2020-01-01")]);
        assert_eq!((status, &answer["response"]["code"]), (404, &json!(1904)), "{path}");
    }
}

/// Runs doctor, and gives what it says of this check.
fn finding(data: &Path, check: &str) -> Value {
    let output = keyseal(data, &["--json", "doctor", "--listen", "127.0.0.1:0"]);
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    found.into_iter().find(|finding| finding["check"] == check).unwrap()
}

/// Runs what doctor says.
fn follow(data: &Path, finding: &Value) {
    assert_eq!(finding["state"], "wrong", "{finding}");
    for command in finding["next"].as_str().unwrap().split(" && ") {
        done(data, &command.split(' ').skip(1).collect::<Vec<_>>());
    }
}

#[test]
fn a_kept_demo_is_served_only_without_the_api_keys_that_everybody_knows() {
    let outside = tempfile::tempdir().unwrap();
    let data = outside.path().join("data");
    let mut command = crate::support::program();
    command.args(["demo", "--listen", "127.0.0.1:0", "--seed", "1", "--data", data.to_str().unwrap()]);
    let Exit { log, .. } = Server::run(&mut command).end("-TERM");
    assert!(!log.contains("everybody knows"), "a demo itself has nothing to warn of: {log}");
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let says = refused(&data, &serve);
    // The fifth is disabled in the sample world.
    contains(&says, &["the API keys 1, 2, 3, 4, 6 are the demo's", "keyseal api-key disable --demo"]);
    assert_eq!(says.matches("keyseal: ").count(), 1, "{says}");
    assert!(!says.contains(API_KEY), "{says}");
    follow(&data, &finding(&data, "api keys"));
    assert_eq!(finding(&data, "api keys")["state"], "right");
    assert_eq!(done(&data, &["api-key", "disable", "--demo"]), json!({ "disabled": [] }));
    let server = Server::start(&data);
    assert_eq!(verify(&server, "demo-plain-product"), 101);
    assert_eq!(server.end("-TERM").code, Some(0));
    // One that is enabled again would be served by a running server.
    contains(&refused(&data, &["api-key", "enable", "2"]), &["one of the demo's", "keyseal api-key create"]);
    assert_eq!(finding(&data, "api keys")["state"], "right");
}

#[test]
fn the_signing_keys_of_the_demo_are_served_by_no_real_server() {
    let outside = tempfile::tempdir().unwrap();
    let data = outside.path().join("data");
    let known = |name: &str| {
        let path = outside.path().join(name);
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo/keys").join(name);
        put_private(&fs::read(key).unwrap(), &path);
        path.display().to_string()
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    done(&data, &["signing-key", "import", &known("global.pem")]);
    done(&data, &["init"]);
    contains(
        &refused(&data, &serve),
        &["of the installation is the demo's", "signing-key rotate --activate\""],
    );
    follow(&data, &finding(&data, "global key"));
    assert_eq!(finding(&data, "global key")["state"], "right");
    done(&data, &["product", "create", "--name", "P"]);
    done(&data, &["signing-key", "import", &known("product-1.pem"), "--product", "1"]);
    contains(&refused(&data, &serve), &["of product 1 is the demo's", "rotate --activate --product 1\""]);
    follow(&data, &finding(&data, "product keys"));
    assert_eq!(Server::start(&data).end("-TERM").code, Some(0));
}

#[test]
fn a_time_that_a_demo_can_not_begin_at_is_refused_with_the_forms_that_help_shows() {
    let run = |arguments: &[&str]| crate::support::program().arg("demo").args(arguments).output().unwrap();
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for (time, says) in [
        ("yesterday", "YYYY-MM-DD HH:MM:SS"),
        ("1969-12-31 23:59:59", "from 1970 to 9999"),
        ("-1000-01-01T00:00:00Z", ""),
        ("9999-12-31 23:59:59", "YYYY-MM-DD HH:MM:SS"),
    ] {
        let refused = run(&["--listen", "127.0.0.1:0", &format!("--clock={time}")]);
        assert_eq!(refused.status.code(), Some(2), "{time}");
        contains(&String::from_utf8(refused.stderr).unwrap(), &[says]);
    }
    contains(&help, &["YYYY-MM-DD HH:MM:SS in UTC, or with an offset"]);
}
