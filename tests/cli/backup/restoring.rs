//! Restoring a backup.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{dump, files, sample, text};
use crate::support::{Server, contains, done, initialized, keyseal, refused};

#[test]
fn a_damaged_backup_is_refused_whichever_file_it_is() {
    let (data, outside) = sample();
    let backup = outside.path().join("backup");
    done(data.path(), &["backup", text(&backup)]);
    let whole = files(&backup);
    let names: Vec<&PathBuf> = whole.keys().filter(|name| backup.join(name).is_file()).collect();
    assert!(names.len() >= 6, "{names:?}");
    let target = outside.path().join("data");
    for name in names {
        let (path, content) = (backup.join(name), &whole[name].0);
        for harm in 0..4 {
            let mut harmed = content.clone();
            match harm {
                0 => harmed[0] ^= 1,
                1 => harmed[content.len() / 2] ^= 0x80,
                2 => harmed.truncate(content.len() - 1),
                _ => harmed.push(b'\n'),
            }
            fs::write(&path, harmed).unwrap();
            contains(
                &refused(&target, &["restore", text(&backup)]),
                &["this backup is damaged, use another"],
            );
        }
        fs::remove_file(&path).unwrap();
        refused(&target, &["restore", text(&backup)]);
        fs::write(&path, content).unwrap();
        assert!(!target.exists(), "{}: {:?}", name.display(), files(&target));
    }
    // A killed one leaves a copy, and the next one removes it.
    fs::create_dir_all(target.join(".restore-killed/keys")).unwrap();
    fs::write(target.join(".restore-killed/keys/global.pem"), "x").unwrap();
    done(&target, &["restore", text(&backup)]);
    assert!(!target.join(".restore-killed").exists());
    assert_eq!(dump(&target), dump(data.path()));
}

#[test]
fn a_backup_of_a_newer_program_and_a_directory_that_is_none_are_refused() {
    let data = initialized();
    let outside = tempfile::tempdir().unwrap();
    let (backup, target) = (outside.path().join("b"), outside.path().join("data"));
    contains(&refused(&target, &["restore", text(&backup)]), &["can't read", "keyseal backup"]);
    contains(&refused(&target, &["restore", text(data.path())]), &["manifest.json", "keyseal backup"]);
    done(data.path(), &["backup", text(&backup)]);
    let manifest = backup.join("manifest.json");
    let written = fs::read_to_string(&manifest).unwrap();
    for (from, to) in [
        ("\"schema\": ", "\"schema\": 99"),
        ("\"format\": 1", "\"format\": 99"),
        ("keys/global.pem", "keys/../../x"),
    ] {
        assert!(written.contains(from));
        fs::write(&manifest, written.replace(from, to)).unwrap();
        let sum = Command::new("sha256sum").arg("manifest.json").current_dir(&backup).output().unwrap();
        fs::write(backup.join("manifest.json.sha256"), sum.stdout).unwrap();
        let said = refused(&target, &["restore", text(&backup)]);
        let expected = if to.contains("99") {
            "made by a newer Keyseal"
        } else {
            "lists a file that is never in a backup"
        };
        contains(&said, &[expected]);
    }
    assert!(!target.exists() && !outside.path().join("x").exists());
}

#[test]
fn a_restore_replaces_nothing_and_keeps_away_from_a_running_server() {
    let data = initialized();
    let outside = tempfile::tempdir().unwrap();
    let backup = outside.path().join("b");
    done(data.path(), &["backup", text(&backup)]);
    let before = files(data.path());
    contains(&refused(data.path(), &["restore", text(&backup)]), &["keyseal.db exists already", "--data"]);
    assert_eq!(files(data.path()), before);

    let keys = outside.path().join("keys-only");
    crate::support::import_test_key(&keys, &[]);
    contains(&refused(&keys, &["restore", text(&backup)]), &["keys exists already"]);

    // Somebody removed the files of a server that still runs.
    let server = Server::start(data.path());
    let pid = server.pid().to_string();
    for name in ["keyseal.db", "keyseal.db-wal", "keyseal.db-shm", "keys/global.pem"] {
        fs::remove_file(data.path().join(name)).unwrap();
    }
    contains(&refused(data.path(), &["restore", text(&backup)]), &["another server", &format!("pid {pid}")]);
    server.end("-KILL");
    done(data.path(), &["restore", text(&backup)]);
    assert_eq!(Server::start(data.path()).end("-TERM").code, Some(0));
}

#[test]
fn settings_come_back_with_the_rest_and_no_others_are_replaced() {
    let data = initialized();
    let outside = tempfile::tempdir().unwrap();
    let settings = "listen = \"127.0.0.1:0\"\ntrusted-proxy = [\"10.0.0.0/8\"]\n";
    fs::write(data.path().join("keyseal.toml"), settings).unwrap();
    // What is above the backup is made too, for its owner alone.
    let backup = outside.path().join("all my/backups/b");
    assert_eq!(done(data.path(), &["backup", text(&backup)])["settings"], true);
    assert_eq!(files(outside.path())[Path::new("all my/backups")].1, 0o700);
    let target = outside.path().join("it's restored");
    let said = keyseal(&target, &["restore", text(&backup)]);
    let said = String::from_utf8(said.stdout).unwrap();
    contains(&said, &["keyseal.toml", "TLS files", "next: keyseal doctor --data '", r"it'\''s restored'"]);
    assert_eq!(fs::read_to_string(target.join("keyseal.toml")).unwrap(), settings);
    assert_eq!(files(&target)[Path::new("keyseal.toml")].1, 0o600);
    let server = Server::run(crate::support::program().arg("serve").arg("--data").arg(&target));
    assert_eq!(server.end("-TERM").code, Some(0));

    let other = outside.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("keyseal.toml"), "workers = 1\n").unwrap();
    contains(&refused(&other, &["restore", text(&backup)]), &["keyseal.toml exists already"]);
    fs::remove_file(data.path().join("keyseal.toml")).unwrap();
    let without = outside.path().join("without");
    assert_eq!(done(data.path(), &["backup", text(&without)])["settings"], false);
    done(&other, &["restore", text(&without)]);
    assert_eq!(fs::read_to_string(other.join("keyseal.toml")).unwrap(), "workers = 1\n");
}

#[test]
fn a_restore_leaves_a_directory_alone_that_is_used_for_something_else() {
    let data = initialized();
    let outside = tempfile::tempdir().unwrap();
    let place = |name: &str| outside.path().join(name);
    let mode = |name: &str| fs::metadata(place(name)).unwrap().permissions().mode() & 0o7777;
    let make = |name: &str, mode: u32| {
        fs::create_dir(place(name)).unwrap();
        fs::set_permissions(place(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    let backup = place("b");
    done(data.path(), &["backup", text(&backup)]);
    make("used", 0o1777);
    fs::write(place("used/somebody's"), "x").unwrap();
    let before = files(&place("used"));
    contains(
        &refused(&place("used"), &["restore", text(&backup)]),
        &["is used for something else", "somebody's", "--data"],
    );
    assert_eq!((files(&place("used")), mode("used")), (before, 0o1777));
    // A link where the lock would be is nobody's lock.
    make("linked", 0o755);
    std::os::unix::fs::symlink(place("used/somebody's"), place("linked/server.lock")).unwrap();
    refused(&place("linked"), &["restore", text(&backup)]);
    assert_eq!(fs::read(place("used/somebody's")).unwrap(), b"x");

    // Settings that wait for their server are ours, and the directory is as its operator wants it.
    make("settings", 0o750);
    fs::write(place("settings/keyseal.toml"), "").unwrap();
    done(&place("settings"), &["restore", text(&backup)]);
    assert_eq!(mode("settings"), 0o750);

    // An empty one is made private, and not before the backup has proven good: the names of all files are
    // right, and one byte is not.
    make("empty", 0o755);
    let key = backup.join("keys/global.pem");
    let good = fs::read(&key).unwrap();
    fs::write(&key, vec![b'x'; good.len()]).unwrap();
    contains(&refused(&place("empty"), &["restore", text(&backup)]), &["this backup is damaged"]);
    assert_eq!(mode("empty"), 0o755);
    fs::write(&key, good).unwrap();
    done(&place("empty"), &["restore", text(&backup)]);
    assert_eq!(mode("empty"), 0o700);
}
