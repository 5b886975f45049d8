//! A directory without faults, and one without anything.

use std::fs;

use super::{examine, harm, sound, traces};
use crate::support::{Server, contains, create_license, keyseal};

#[test]
fn doctor_finds_nothing_wrong_on_a_sound_directory_and_changes_nothing() {
    let data = sound();
    let before = traces(data.path());
    let (code, found) = examine(data.path(), "127.0.0.1:0");
    assert_eq!(code, Some(0), "{found:?}");
    for (check, finding) in &found {
        // These two depend on the machine, and a warning is not wrong.
        let may_warn = ["disk space", "open files"].contains(&check.as_str());
        assert!(finding["state"] == "right" || may_warn, "{finding}");
    }
    assert!(traces(data.path()) == before, "a look left a trace");
    let output = keyseal(data.path(), &["doctor", "--listen", "127.0.0.1:0"]);
    assert!(output.status.success());
    contains(&String::from_utf8(output.stdout).unwrap(), &["ok       database", "ok       sqlite"]);
}

#[test]
fn doctor_works_beside_a_server_and_after_one_that_was_killed() {
    let data = sound();
    let server = Server::start(data.path());
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let pid = format!("pid {}", server.pid());
    create_license(data.path(), "IN-THE-LOG", &[]);
    let before = traces(data.path());
    let (code, found) = examine(data.path(), &address);
    assert_eq!(code, Some(0), "{found:?}");
    contains(found["server"]["message"].as_str().unwrap(), &[&pid]);
    contains(
        found["listen address"]["message"].as_str().unwrap(),
        &["is in use, and a server runs on this directory", &pid],
    );
    let (_, found) = examine(data.path(), "127.0.0.1:0");
    contains(found["listen address"]["message"].as_str().unwrap(), &["listens elsewhere"]);
    assert!(traces(data.path()) == before, "a look left a trace");
    server.end("-KILL");
    let before = traces(data.path());
    assert!(before.keys().any(|path| path.ends_with("keyseal.db-wal")));
    let (code, found) = examine(data.path(), &address);
    assert_eq!(code, Some(0), "{found:?}");
    contains(found["write-ahead log"]["message"].as_str().unwrap(), &["the next start reads it"]);
    assert!(traces(data.path()) == before, "a look left a trace");
}

#[test]
fn doctor_reads_what_is_only_in_the_log() {
    let data = sound();
    let server = Server::start(data.path());
    // Not in the file yet: what is found of it was read from the log.
    harm(data.path(), "PRAGMA wal_autocheckpoint = 0; UPDATE licenses SET updated_at = 32503680000");
    let clock = || examine(data.path(), "127.0.0.1:0").1["clock"].clone();
    assert_eq!(clock()["state"], "wrong", "beside the server: {}", clock());
    server.end("-KILL");
    assert_eq!(clock()["state"], "wrong", "after it: {}", clock());
}

#[test]
fn doctor_reports_every_check_where_nothing_is_and_makes_nothing() {
    let outside = tempfile::tempdir().unwrap();
    let nowhere = outside.path().join("nowhere");
    let (code, found) = examine(&nowhere, "127.0.0.1:0");
    assert_eq!(code, Some(1));
    for (check, state) in [
        ("data directory", "wrong"),
        ("global key", "wrong"),
        ("database", "wrong"),
        ("integrity", "unknown"),
    ] {
        assert_eq!(found[check]["state"], state);
    }
    assert!(!nowhere.exists());
    fs::write(&nowhere, "a file").unwrap();
    let (_, found) = examine(&nowhere, "127.0.0.1:0");
    contains(found["data directory"]["message"].as_str().unwrap(), &["is not a directory"]);
}
