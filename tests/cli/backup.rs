//! `backup` and `restore`: what is copied comes back as it was, and what isn't as it was doesn't come back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::types::Value as Cell;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, contains, done, initialized, keyseal, refused};

/// The sample world, with a version to download; and a directory for backups of it.
fn sample() -> (TempDir, TempDir) {
    let (data, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = crate::support::program();
    command.arg("--data").arg(data.path()).args(["demo", "--listen", "127.0.0.1:0"]);
    let mut demo = Server::run(&mut command);
    demo.log_until("Stop with Ctrl-C");
    assert_eq!(demo.end("-TERM").code, Some(0));
    // No server starts with them.
    done(data.path(), &["api-key", "disable", "--demo"]);
    let file = outside.path().join("app.zip");
    fs::write(&file, vec![7; 100_000]).unwrap();
    add_download(data.path(), &file, "900");
    (data, outside)
}

fn add_download(data: &Path, file: &Path, number: &str) {
    let version = ["download", "add", "--product", "1", "--version", number, "--numeric-version", number];
    done(data, &[&version[..], &[file.to_str().unwrap()]].concat());
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Everything in a database, by table.
#[expect(clippy::disallowed_methods, reason = "looks at what the program left, without it")]
fn dump(data: &Path) -> BTreeMap<String, Vec<Vec<Cell>>> {
    let database = rusqlite::Connection::open(data.join("keyseal.db")).unwrap();
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let rows = |table: &String| {
        let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
        rows.unwrap().map(Result::unwrap).collect()
    };
    tables.iter().map(|table| (table.clone(), rows(table))).collect()
}

/// All files below a directory, by name, with what is in them and their modes; directories with nothing.
fn files(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        let about = fs::metadata(&path).unwrap();
        let content = if about.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
        found.insert(
            path.strip_prefix(directory).unwrap().to_owned(),
            (content, about.permissions().mode() & 0o777),
        );
        if about.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    found
}

/// Runs a command under a umask, and gives its result.
fn done_under(umask: &str, data: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new("sh");
    let script = format!("umask {umask}; exec \"$0\" --json --data \"$@\"");
    let command = command.args(["-c", &script, env!("CARGO_BIN_EXE_keyseal")]).arg(data).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

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
        ("\"schema\": 3", "\"schema\": 99"),
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
