//! A backup of an earlier version: it is restored as it was, and then upgraded.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{columns, dump, kept, open, sha256, version};
use crate::support::{Server, contains, done, keyseal, refused};

/// A backup as version 1 made it: one of the upgraded directory, with the database from before.
fn backup_of_version_1(change: &str) -> TempDir {
    let (data, place) = (kept(1), tempfile::tempdir().unwrap());
    done(data.path(), &["upgrade"]);
    let backup = place.path().join("backup");
    done(data.path(), &["backup", backup.to_str().unwrap()]);
    let database = backup.join("keyseal.db");
    fs::copy(data.path().join("before-upgrade-1.db"), &database).unwrap();
    let connection = open(&database);
    connection.execute_batch(&format!("PRAGMA journal_mode = DELETE; {change}")).unwrap();
    let tables = columns(&connection);
    connection.close().unwrap();
    let path = backup.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["schema"] = json!(1);
    // Version 1 counted the rows of its own tables.
    manifest["counts"].as_object_mut().unwrap().retain(|table, _| tables.contains_key(table));
    manifest["files"]["keyseal.db"] =
        json!({ "size": fs::metadata(&database).unwrap().len(), "sha256": sha256(&database) });
    fs::write(&path, manifest.to_string()).unwrap();
    fs::write(backup.join("manifest.json.sha256"), format!("{}  manifest.json\n", sha256(&path))).unwrap();
    place
}

#[test]
fn it_is_restored_as_it_was_and_a_server_upgrades_it() {
    let place = backup_of_version_1("");
    let (backup, data) = (place.path().join("backup"), place.path().join("data"));
    let restored = keyseal(&data, &["restore", backup.to_str().unwrap()]);
    assert_eq!(restored.status.code(), Some(0), "{}", String::from_utf8_lossy(&restored.stderr));
    contains(
        &String::from_utf8(restored.stdout).unwrap(),
        &["next: keyseal upgrade --data ", "keyseal serve"],
    );
    let (before, columns) = {
        let database = open(&data.join("keyseal.db"));
        assert_eq!(version(&database), 1);
        let columns = columns(&database);
        (dump(&database, &columns)["licenses"].clone(), columns)
    };
    let end = Server::start(&data).end("-TERM");
    assert_eq!(end.code, Some(0), "{}", end.log);
    let database = open(&data.join("keyseal.db"));
    assert!(version(&database) > 1);
    assert_eq!(dump(&database, &columns)["licenses"], before);
}

#[test]
fn one_that_is_not_as_it_was_made_is_refused() {
    for (change, says) in [
        ("DELETE FROM telemetry", "the copy has more or fewer rows than the original"),
        (
            "CREATE TRIGGER evil AFTER INSERT ON audit BEGIN SELECT 1; END",
            "the trigger evil is not part of this program's schema",
        ),
    ] {
        let place = backup_of_version_1(change);
        let (backup, data) = (place.path().join("backup"), place.path().join("data"));
        contains(&refused(&data, &["restore", backup.to_str().unwrap()]), &[says]);
        assert!(!data.join("keyseal.db").exists());
    }
}
