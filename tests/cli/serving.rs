//! `serve` and `demo`: how they start, what they log, and how they end.

use std::fs;
use std::process::Command;

use crate::support::{Server, contains, done, initialized, refused};

#[test]
fn a_server_prints_one_line_logs_no_secret_and_stops_on_either_signal() {
    let data = initialized();
    let key =
        done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"])["api_key"].clone();
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(data.path());
        let secret = key.as_str().unwrap();
        let answer = server.post(&[("api_key", secret), ("license_key", "SECRET-LICENSE")]);
        assert_eq!(answer["response"]["code"], 210);
        let (code, rest, log) = server.end(signal);
        assert_eq!((code, rest.as_str()), (Some(0), ""), "{log}");
        contains(&log, &["POST /create-license-key-meta 210 ", "127.0.0.1"]);
        assert!(!log.contains(secret) && !log.contains("SECRET-LICENSE"), "{log}");
    }
    // Written when the server stopped.
    assert!(done(data.path(), &["api-key", "list"])[1]["last_used_at"].is_string());
}

#[test]
fn a_second_server_is_refused_with_the_firsts_pid() {
    let data = initialized();
    let first = Server::start(data.path());
    let pid = first.process.id().to_string();
    contains(
        &refused(data.path(), &["serve", "--listen", "127.0.0.1:0"]),
        &["another server", &format!("pid {pid}")],
    );
    first.end("-KILL");
    assert_eq!(Server::start(data.path()).end("-TERM").0, Some(0));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "plays another program that changes the file")]
fn a_foreign_or_newer_database_is_refused() {
    let data = initialized();
    let path = data.path().join("keyseal.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    for (pragma, parts) in [
        ("user_version = 99", ["newer Keyseal", "schema 99"]),
        ("application_id = 7", ["is not Keyseal's", "another program"]),
    ] {
        database
            .pragma_update(None, pragma.split(' ').next().unwrap(), pragma.split(' ').next_back().unwrap())
            .unwrap();
        contains(&refused(data.path(), &["serve"]), &parts);
    }
    drop(database);
    fs::write(&path, vec![7; 8192]).unwrap();
    contains(&refused(data.path(), &["serve"]), &["can't be read", "keyseal.db"]);
}

#[test]
fn demo_shows_a_verified_answer_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
    let mut demo =
        Server::run(command.args(["demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path()));
    let tour = demo.log_until("Stop with Ctrl-C");
    let verdict = "The signature holds under the public key of product 1";
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
        assert_eq!(demo.post(&fields)["response"]["code"], code, "{license_key}");
    }
    let (code, rest, log) = demo.end("-TERM");
    assert_eq!((code, rest.as_str()), (Some(0), ""), "{log}");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn a_download_leaves_no_key_in_the_log() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let key =
        done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"])["api_key"].clone();
    let server = Server::start(data.path());
    let path = format!("/download/{}/SECRET-LICENSE/U0VDUkVU/1", key.as_str().unwrap());
    for path in [format!("/v1{path}"), format!("/v1{path}/x"), format!("/v2{path}")] {
        assert!(ureq::get(format!("{}{path}", server.url())).call().is_err());
    }
    let (_, _, log) = server.end("-TERM");
    contains(&log, &["GET /download 701 ", "GET (unknown) 1904 "]);
    for secret in [key.as_str().unwrap(), "SECRET-LICENSE", "U0VDUkVU"] {
        assert!(!log.contains(secret), "{log}");
    }
}
