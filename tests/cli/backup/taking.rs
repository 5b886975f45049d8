//! Taking a backup.

use std::fs;

use serde_json::json;

use super::{done_under, dump, files, sample, text};
use crate::support::{Server, contains, done, initialized, keyseal, refused};

#[test]
fn a_backup_restores_to_the_same_world_privately_whatever_the_umask() {
    let (data, outside) = sample();
    let world = dump(data.path());
    assert!(world["licenses"].len() > 5 && world["activations"].len() > 1 && world["callbacks"].is_empty());
    for umask in ["000", "022", "077"] {
        let backup = outside.path().join(format!("backup-{umask}"));
        let made = done_under(umask, data.path(), &["backup", text(&backup)]);
        assert_eq!(made["counts"]["licenses"], world["licenses"].len());
        assert_eq!((&made["backup"], &made["download_files"]), (&json!(text(&backup)), &json!(1)));
        let target = outside.path().join(format!("new-{umask}/data"));
        let restored = done_under(umask, &target, &["restore", text(&backup)]);
        assert_eq!(restored["counts"], made["counts"]);
        assert_eq!((&restored["made_at"], &restored["bytes"]), (&made["made_at"], &made["bytes"]));
        for (name, (_, mode)) in files(&backup).iter().chain(&files(&target)) {
            let expected =
                if backup.join(name).is_dir() || target.join(name).is_dir() { 0o700 } else { 0o600 };
            assert_eq!(*mode, expected, "{umask}: {}", name.display());
        }
        let (original, restored) = (files(data.path()), files(&target));
        for (name, file) in &original {
            if name.starts_with("keys") || name.starts_with("downloads") {
                assert_eq!(restored[name].0, file.0, "{}", name.display());
            }
        }
        assert_eq!(dump(&target), world);
        let server = Server::start(&target);
        assert_eq!(server.end("-TERM").code, Some(0));
    }
    assert_eq!(dump(data.path()), world);
}

#[test]
fn a_backup_is_taken_beside_a_server_and_leaves_it_alone() {
    let data = initialized();
    let outside = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    done(data.path(), &["product", "create", "--name", "P"]);
    let backup = outside.path().join("b");
    let output = keyseal(data.path(), &["backup", text(&backup)]);
    assert!(output.status.success() && output.stderr.is_empty(), "a pipe is no place for progress");
    contains(
        &String::from_utf8(output.stdout).unwrap(),
        &["verified", "products: 1", "1 key file", "holds the private keys"],
    );
    done(data.path(), &["product", "create", "--name", "Q"]);
    assert_eq!(server.end("-TERM").code, Some(0));
    let names: Vec<_> =
        fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["b"], "nothing unfinished is left beside it");
    let target = outside.path().join("data");
    done(&target, &["restore", text(&backup)]);
    assert_eq!(done(&target, &["product", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(done(data.path(), &["product", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_backup_is_refused_where_something_is_and_when_it_would_not_be_whole() {
    let (data, outside) = sample();
    let place = |name: &str| outside.path().join(name);
    fs::create_dir(place("empty")).unwrap();
    fs::create_dir(place("full")).unwrap();
    fs::write(place("full/x"), "x").unwrap();
    done(data.path(), &["backup", text(&place("empty"))]);
    for (dest, parts) in [
        ("full", &["is not empty", "new directory"][..]),
        ("empty", &["is not empty"]),
        ("app.zip", &["can't create", "new directory"]),
        ("app.zip/b", &["can't create", "new directory"]),
    ] {
        contains(&refused(data.path(), &["backup", text(&place(dest))]), parts);
    }
    let missing = outside.path().join("nowhere");
    contains(&refused(&missing, &["backup", text(&place("b"))]), &["no database at", "--data"]);
    assert!(!missing.exists());

    let key = data.path().join("keys/product-1.pem");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    contains(&refused(data.path(), &["backup", text(&place("b"))]), &[text(&key), "product 1 has one"]);
    crate::support::put_private(&kept, &key);
    let downloads = data.path().join("downloads");
    let download = fs::read_dir(&downloads).unwrap().next().unwrap().unwrap().path();
    fs::write(&download, "other bytes").unwrap();
    contains(&refused(data.path(), &["backup", text(&place("b"))]), &["downloadable 1", "download delete 1"]);
    fs::remove_file(&download).unwrap();
    contains(&refused(data.path(), &["backup", text(&place("b"))]), &["downloadable 1", text(&download)]);
    let unfinished = fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(unfinished.into_iter().all(|name| !name.to_str().unwrap().contains("unfinished")));
    assert!(!place("b").exists());
}

#[test]
fn a_backup_and_a_data_directory_keep_out_of_each_other() {
    let data = initialized();
    let outside = tempfile::tempdir().unwrap();
    let (backup, target) = (outside.path().join("b"), outside.path().join("t"));
    let before = files(data.path());
    for inside in ["b", "new/b"] {
        let inside = data.path().join(inside);
        contains(&refused(data.path(), &["backup", text(&inside)]), &["inside the data directory"]);
    }
    assert_eq!(files(data.path()), before);
    done(data.path(), &["backup", text(&backup)]);
    let whole = files(&backup);
    for inside in ["", "data"] {
        let inside = backup.join(inside);
        contains(&refused(&inside, &["restore", text(&backup)]), &["is inside the backup", "--data"]);
    }
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["product", "create", "--name", "P"]] {
        contains(&refused(&backup, command), &["is a backup", "keyseal restore"]);
    }
    assert_eq!(files(&backup), whole);
    done(&target, &["restore", text(&backup)]);
}
