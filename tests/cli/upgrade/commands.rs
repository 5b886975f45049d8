//! `keyseal upgrade`, and what every other command says of an older database.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use super::{columns, dump, hashes, kept, open, version, versions};
use crate::support::{Server, contains, done, keyseal, refused};

#[test]
fn no_row_of_any_released_version_is_lost() {
    assert_eq!(versions().first(), Some(&1));
    for old in versions() {
        // Opening a database changes its log: the rows are read from a copy.
        let (data, twin) = (kept(old), kept(old));
        let before = open(&twin.path().join("keyseal.db"));
        assert_eq!(version(&before), old);
        let columns = columns(&before);
        let rows = dump(&before, &columns);
        assert!(rows.values().all(|rows| !rows.is_empty()), "each table has a row");
        let in_the_log =
            before.query_row("SELECT 1 FROM activations WHERE identifier = 'in-the-log'", [], |_| Ok(()));
        in_the_log.unwrap();

        let result = done(data.path(), &["upgrade"]);
        assert_eq!(result["from"], old);
        let steps: Vec<&str> =
            result["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
        let new = result["to"].as_i64().unwrap();
        assert_eq!(i64::try_from(steps.len()).unwrap(), new - old);
        assert!(steps.iter().zip(old + 1..).all(|(step, number)| step.starts_with(&format!("{number:04}_"))));

        let after = open(&data.path().join("keyseal.db"));
        assert_eq!(version(&after), new);
        assert_eq!(dump(&after, &columns), rows);
        let checked: String = after.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(checked, "ok");

        let copy = Path::new(result["copy"].as_str().unwrap());
        assert_eq!(copy, data.path().join(format!("before-upgrade-{old}.db")));
        assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600);
        let copy = open(copy);
        assert_eq!((version(&copy), dump(&copy, &columns)), (old, rows));
    }
}

#[test]
fn owners_of_every_earlier_version_are_found_in_any_case() {
    for old in versions() {
        let data = kept(old);
        done(data.path(), &["upgrade"]);
        for (flag, owner) in [
            ("--owner-name", "ADA ÖZ"),
            ("--owner-name", "ada o\u{308}z"),
            ("--owner-email", "Ada@Example.COM"),
        ] {
            let found = done(data.path(), &["license", "list", flag, owner]);
            assert_eq!(found.as_array().unwrap().len(), 9, "version {old}: {owner}");
        }
        assert_eq!(done(data.path(), &["license", "list", "--owner-name", "ada oz"]), Value::Array(vec![]));
    }
}

#[test]
fn what_was_upgraded_is_told_once_and_then_that_it_is_current() {
    let data = kept(1);
    let text = |output: std::process::Output| {
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = text(keyseal(data.path(), &["upgrade"]));
    let parts =
        ["upgraded ", "keyseal.db from schema 1 to ", "0002_name_the_checksum", "before-upgrade-1.db ("];
    contains(&first, &parts);
    contains(&first, &["next: keyseal serve --data "]);
    let before = hashes(data.path());
    contains(&text(keyseal(data.path(), &["upgrade"])), &["already current: ", "keyseal.db has schema "]);
    let result = done(data.path(), &["upgrade"]);
    assert_eq!(
        (&result["from"], &result["steps"], &result["copy"]),
        (&result["to"], &Value::Array(vec![]), &Value::Null)
    );
    assert_eq!(hashes(data.path()), before);
    assert_eq!(keyseal(data.path(), &["upgrade", "now"]).status.code(), Some(2));
    // A server that runs has a current database, and holds nobody up who asks.
    let server = Server::start(data.path());
    assert_eq!(done(data.path(), &["upgrade"])["steps"], Value::Array(vec![]));
    assert_eq!(server.end("-TERM").code, Some(0));
}

#[test]
fn every_other_command_says_what_to_run_and_changes_nothing() {
    let (data, outside) = (kept(1), tempfile::tempdir().unwrap());
    let before = hashes(data.path());
    let backup = outside.path().join("backup");
    let upgrade = format!("keyseal upgrade --data {}", data.path().display());
    let doctor = |says: &[&str]| {
        let output = keyseal(data.path(), &["doctor", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(1));
        contains(&String::from_utf8(output.stdout).unwrap(), says);
    };
    // Without the log's index, and with it.
    doctor(&["has schema 1", &upgrade]);
    for command in [
        &["license", "list"][..],
        &["license", "update", "ASSIGNED-1", "--status", "blocked"],
        &["product", "create", "--name", "P"],
        &["audit", "list"],
        &["signing-key", "list"],
        &["signing-key", "rotate"],
        &["backup", backup.to_str().unwrap()],
    ] {
        let said = refused(data.path(), command);
        contains(&said, &["keyseal.db has schema 1, and this Keyseal needs schema ", "keyseal upgrade"]);
    }
    doctor(&["has schema 1", &upgrade]);
    assert!(!backup.exists());
    assert_eq!(hashes(data.path()), before);
    assert!(!data.path().join("before-upgrade-1.db").exists());
}

#[test]
fn doctor_tells_of_the_copies() {
    let data = kept(1);
    done(data.path(), &["upgrade"]);
    let copies = || {
        let output = keyseal(data.path(), &["--json", "doctor", "--listen", "127.0.0.1:0"]);
        let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let found = found.into_iter().find(|finding| finding["check"] == "upgrade copies").unwrap();
        (found["state"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
    };
    let (state, message) = copies();
    assert_ne!(state, "wrong");
    contains(&message, &["before-upgrade-1.db (0.3 MB)", "remove"]);
    fs::remove_file(data.path().join("before-upgrade-1.db")).unwrap();
    assert_eq!(copies().1, "none");
}
