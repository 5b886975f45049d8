//! `doctor`: finds what is wrong, says what mends it, and touches nothing.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

use crate::support::{Server, contains, done, golden_key, initialized, keyseal, program, put_private};

/// Every check, in order.
const CHECKS: [&str; 27] = [
    "settings",
    "data directory",
    "permissions",
    "disk space",
    "global key",
    "product keys",
    "api keys",
    "database",
    "integrity",
    "references",
    "write-ahead log",
    "pages",
    "audit trail",
    "telemetry",
    "webhooks",
    "upgrade copies",
    "downloads",
    "leftover files",
    "clock",
    "server",
    "listen address",
    "metrics address",
    "certificate",
    "public url",
    "trusted proxies",
    "open files",
    "sqlite",
];

/// A directory with all that doctor looks at.
fn sound() -> tempfile::TempDir {
    let data = initialized();
    // Made by the test, and not by the program.
    mode(data.path(), 0o700);
    done(data.path(), &["product", "create", "--name", "P", "--own-key"]);
    done(data.path(), &["license", "create", "--product", "1", "--key", "K"]);
    let file = tempfile::tempdir().unwrap();
    let file = file.path().join("app.zip");
    fs::write(&file, "a version").unwrap();
    let version = ["download", "add", "--product", "1", "--version", "1", "--numeric-version", "1"];
    done(data.path(), &[&version[..], &[file.to_str().unwrap()]].concat());
    data
}

/// Another directory with the same files; making keys takes longer.
fn copy_of(original: &Path) -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    mode(data.path(), 0o700);
    for (path, _) in traces(original) {
        let place = data.path().join(path.strip_prefix(original).unwrap());
        if path.is_dir() && path != original {
            fs::create_dir(&place).unwrap();
            mode(&place, 0o700);
        } else if path.is_file() {
            fs::copy(&path, &place).unwrap();
        }
    }
    data
}

/// Runs doctor, and gives its exit code and what it found by check. Every check must say something, whatever is wrong.
fn examine(data: &Path, listen: &str) -> (Option<i32>, BTreeMap<String, Value>) {
    found(&keyseal(data, &["--json", "doctor", "--listen", listen]))
}

/// The same, of what it said.
fn found(output: &Output) -> (Option<i32>, BTreeMap<String, Value>) {
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    assert_eq!(names, CHECKS);
    let wrong = findings.iter().filter(|finding| finding["state"] == "wrong").count();
    assert_eq!(output.status.code(), Some(i32::from(wrong > 0)), "{findings:?}");
    for finding in &findings {
        let needs_help = ["wrong", "warning"].contains(&finding["state"].as_str().unwrap());
        assert_eq!(finding["next"].is_string(), needs_help, "{finding}");
    }
    (
        output.status.code(),
        findings
            .into_iter()
            .map(|finding| (finding["check"].as_str().unwrap().to_owned(), finding))
            .collect(),
    )
}

/// A longer file is known by its times alone.
const LONG: u64 = 16 * 1024 * 1024;

/// All that a look could change: names, content, modes and times.
fn traces(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32, SystemTime)> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(path) = open.pop() {
        let about = fs::metadata(&path).unwrap();
        let content =
            if about.is_dir() || about.len() > LONG { Vec::new() } else { fs::read(&path).unwrap() };
        if about.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.insert(path, (content, about.mode(), about.modified().unwrap()));
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "plays whoever damages the database")]
fn harm(data: &Path, sql: &str) {
    let database = rusqlite::Connection::open(data.join("keyseal.db")).unwrap();
    database.execute_batch(sql).unwrap();
}

/// The one file that customers download.
fn download(data: &Path) -> PathBuf {
    fs::read_dir(data.join("downloads")).unwrap().next().unwrap().unwrap().path()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn doctor_warns_of_links_without_an_address_and_of_trusted_strangers() {
    let data = sound();
    for (flags, check, state, message) in [
        (&["--listen", "0.0.0.0:0"][..], "public url", "warning", "the host that each client calls"),
        (&["--listen", "127.0.0.1:0"], "public url", "right", "the host that each client calls"),
        (&["--public-url", "https://a.example"], "public url", "right", "https://a.example: "),
        (
            &["--trusted-proxy", "10.0.0.0/8,0.0.0.0/0"],
            "trusted proxies",
            "warning",
            "0.0.0.0/0: anyone can send",
        ),
        (&["--trusted-proxy", "::/0"], "trusted proxies", "warning", "::/0: anyone can send"),
        (&["--trusted-proxy", "10.0.0.0/8"], "trusted proxies", "right", "10.0.0.0/8: their X-Forwarded-For"),
        (&[], "trusted proxies", "right", "none: "),
    ] {
        let output =
            program().args(["doctor", "--json", "--data"]).arg(data.path()).args(flags).output().unwrap();
        let (_, found) = found(&output);
        assert_eq!(found[check]["state"], state, "{flags:?}");
        contains(found[check]["message"].as_str().unwrap(), &[message]);
    }
}

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
    done(data.path(), &["license", "create", "--product", "1", "--key", "IN-THE-LOG"]);
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
fn doctor_finds_each_fault_and_only_that() {
    type Fault = fn(&Path);
    let faults: [(&str, &str, &str, Fault); 26] = [
        ("permissions", "keyseal.db", "chmod -R u=rwX,go=", |data| mode(&data.join("keyseal.db"), 0o640)),
        ("permissions", "0700", "chmod -R u=rwX,go=", |data| mode(data, 0o755)),
        ("permissions", "downloads", "chmod -R u=rwX,go=", |data| mode(&data.join("downloads"), 0o701)),
        ("global key", "no signing key", "cp BACKUP/keys/global.pem", |data| {
            fs::remove_file(data.join("keys/global.pem")).unwrap();
        }),
        ("global key", "but the database names", "cp BACKUP/keys/global.pem", |data| {
            fs::copy(data.join("keys/product-1.pem"), data.join("keys/global.pem")).unwrap();
        }),
        ("global key", "smaller than 2048", "signing-key generate", |data| {
            put_private(&golden_key("rsa-1024.pem"), &data.join("keys/global.pem"));
        }),
        ("global key", "no RSA private key", "BACKUP/keys/", |data| {
            put_private(b"nonsense", &data.join("keys/global.pem"));
        }),
        ("global key", "encrypted", "openssl pkey", |data| {
            put_private(&golden_key("encrypted-pkcs8.pem"), &data.join("keys/global.pem"));
        }),
        ("product keys", "product 1 has one", "BACKUP/keys/", |data| {
            fs::remove_file(data.join("keys/product-1.pem")).unwrap();
        }),
        ("product keys", "is not the key that the database names", "BACKUP/keys/", |data| {
            put_private(&golden_key("pkcs8.pem"), &data.join("keys/product-1.pem"));
        }),
        ("database", "no database at", "keyseal restore", |data| {
            fs::remove_file(data.join("keyseal.db")).unwrap();
        }),
        ("database", "is not Keyseal's", "--data", |data| harm(data, "PRAGMA application_id = 7")),
        ("database", "newer Keyseal", "install", |data| harm(data, "PRAGMA user_version = 99")),
        ("database", "can't be read", "keyseal restore", |data| {
            put_private(&[7; 8192], &data.join("keyseal.db"));
        }),
        ("database", "index is missing", "keyseal block list", |data| {
            put_private(&[7; 8192], &data.join("keyseal.db-wal"));
        }),
        ("references", "license_meta", "keyseal restore", |data| {
            harm(
                data,
                "PRAGMA foreign_keys = OFF; INSERT INTO license_meta
                 (license_id, key, value, created_at, updated_at) VALUES (999, 'k', 'v', 1, 1)",
            );
        }),
        ("downloads", "is too short: 3 bytes instead of 9", "download delete 1", |data| {
            fs::write(download(data), "cut").unwrap();
        }),
        ("downloads", "is too long: 10 bytes instead of 9", "download delete 1", |data| {
            fs::write(download(data), "a version!").unwrap();
        }),
        ("downloads", "has other content", "cp BACKUP/downloads/", |data| {
            fs::write(download(data), "A version").unwrap();
        }),
        ("settings", "line 1: \"workers\"", "keyseal config show", |data| {
            put_private(b"workers = 'x'", &data.join("keyseal.toml"));
        }),
        ("certificate", "can't read the TLS certificate nofile", "tls-key", |data| {
            put_private(b"tls-cert = 'nofile'\ntls-key = 'nofile'", &data.join("keyseal.toml"));
        }),
        ("certificate", "give --tls-key too", "both", |data| {
            put_private(b"tls-cert = 'nofile'", &data.join("keyseal.toml"));
        }),
        ("metrics address", "can't listen on 192.0.2.1:1", "--metrics-listen", |data| {
            put_private(b"metrics-listen = '192.0.2.1:1'", &data.join("keyseal.toml"));
        }),
        ("clock", "the newest entry of licenses", "timedatectl", |data| {
            harm(data, "UPDATE licenses SET updated_at = unixepoch() + 3600");
        }),
        ("write-ahead log", "kept the database open for long", "restart the server", |data| {
            let log =
                fs::OpenOptions::new().create(true).append(true).open(data.join("keyseal.db-wal")).unwrap();
            log.set_len(300 * 1024 * 1024).unwrap();
            mode(&data.join("keyseal.db-wal"), 0o600);
            put_private(b"", &data.join("keyseal.db-shm"));
        }),
        ("integrity", "the database is damaged", "keyseal restore", |data| {
            let (sql, path) = (
                "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'licenses_by_owner_name'",
                data,
            );
            harm(path, sql);
        }),
    ];
    let original = sound();
    for (check, says, next, plant) in faults {
        let data = copy_of(original.path());
        plant(data.path());
        let before = traces(data.path());
        let (_, found) = examine(data.path(), "127.0.0.1:0");
        let finding = &found[check];
        assert!(
            ["wrong", "warning"].contains(&finding["state"].as_str().unwrap()),
            "{check}, {says}: {finding}"
        );
        contains(finding["message"].as_str().unwrap(), &[says]);
        contains(finding["next"].as_str().unwrap(), &[next]);
        let others = found.values().filter(|other| other["check"] != check && other["state"] == "wrong");
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&Value>::new(), "{check}, {says}");
        assert!(traces(data.path()) == before, "{check}, {says}: a look left a trace");
    }
}

#[test]
fn doctor_tells_what_the_system_does_not_give() {
    let data = sound();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    for (listen, says) in [
        (taken.local_addr().unwrap().to_string(), "is used by another program"),
        ("192.0.2.1:8080".to_owned(), "can't listen on 192.0.2.1:8080"),
        ("nonsense.invalid:80".to_owned(), "nonsense.invalid:80 is not an address"),
    ] {
        let (code, found) = examine(data.path(), &listen);
        assert_eq!((code, &found["listen address"]["state"]), (Some(1), &Value::from("wrong")));
        contains(found["listen address"]["message"].as_str().unwrap(), &[says]);
        contains(found["listen address"]["next"].as_str().unwrap(), &["--listen"]);
    }
    drop(taken);

    let mut command = Command::new("sh");
    let script = "ulimit -n 64; exec \"$0\" --data \"$1\" doctor --listen 127.0.0.1:0";
    let output =
        command.args(["-c", script, env!("CARGO_BIN_EXE_keyseal")]).arg(data.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    contains(
        &String::from_utf8(output.stdout).unwrap(),
        &["WRONG    open files       64 at once", "ulimit -n"],
    );
    contains(&String::from_utf8(output.stderr).unwrap(), &["1 thing is wrong"]);
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

#[test]
fn doctor_looks_at_the_certificate_and_its_key() {
    let (data, files) = (initialized(), tempfile::tempdir().unwrap());
    mode(data.path(), 0o700);
    let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    let issue = |end: SystemTime| {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.not_after = end.into();
        fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        put_private(pair.serialize_pem().as_bytes(), &key);
    };
    let about_certificate = || {
        let flags = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
        let doctor = ["--json", "doctor", "--listen", "127.0.0.1:0"];
        found(&keyseal(data.path(), &[&doctor[..], &flags].concat())).1.remove("certificate").unwrap()
    };
    let day = Duration::from_hours(24);
    #[expect(clippy::disallowed_methods, reason = "certificates end by the machine's clock")]
    let now = SystemTime::now();
    for (end, state, says) in [
        (now - day, "wrong", "expired at"),
        (now + 13 * day, "warning", "expires at"),
        (now + 15 * day, "right", "matches its key"),
    ] {
        issue(end);
        let finding = about_certificate();
        assert_eq!(finding["state"], state, "{finding}");
        contains(finding["message"].as_str().unwrap(), &[says, certificate.to_str().unwrap()]);
    }
    put_private(KeyPair::generate().unwrap().serialize_pem().as_bytes(), &key);
    contains(about_certificate()["message"].as_str().unwrap(), &["can't be used with the key"]);
    mode(&key, 0o644);
    contains(about_certificate()["message"].as_str().unwrap(), &["by others"]);
}

/// Runs a command as a user whom the data directory keeps out. `None`: only root can become another user.
fn as_stranger(data: &Path, arguments: &[&str]) -> Option<Output> {
    const NOBODY: u32 = 65_534;
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    // Where the program lies, others may not get to.
    let place = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let program = place.path().join("keyseal");
    fs::copy(env!("CARGO_BIN_EXE_keyseal"), &program).unwrap();
    Some(
        Command::new(&program)
            .arg("--data")
            .arg(data)
            .args(arguments)
            .uid(NOBODY)
            .current_dir("/")
            .output()
            .unwrap(),
    )
}

#[test]
fn whoever_is_not_the_owner_is_told_who_is_and_doctor_goes_on() {
    let data = sound();
    put_private(b"workers = 1", &data.path().join("keyseal.toml"));
    for command in [&["product", "list"][..], &["serve"], &["backup", "x"], &["config", "show"]] {
        let Some(output) = as_stranger(data.path(), command) else { return };
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        contains(&said, &["the data directory", "belongs to user root (uid 0)", "sudo -u root keyseal"]);
    }
    let Some(output) = as_stranger(data.path(), &["--json", "doctor", "--listen", "127.0.0.1:0"]) else {
        return;
    };
    let (code, found) = found(&output);
    assert_eq!(code, Some(1));
    for check in ["settings", "data directory"] {
        contains(found[check]["message"].as_str().unwrap(), &["belongs to user root (uid 0)"]);
    }
    contains(found["data directory"]["next"].as_str().unwrap(), &["sudo -u root keyseal doctor --data /"]);
    contains(found["database"]["message"].as_str().unwrap(), &["Permission denied"]);
    assert_eq!(found["permissions"]["state"], "unknown");
    // Settings elsewhere: then the database is the first that is out of reach, and not said to be missing.
    let other = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let file = other.path().join("k.toml");
    fs::write(&file, "").unwrap();
    mode(&file, 0o644);
    for command in [&["product", "list"][..], &["serve"], &["init"]] {
        let config = ["--config", file.to_str().unwrap()];
        let Some(output) = as_stranger(data.path(), &[&config[..], command].concat()) else { return };
        let said = String::from_utf8(output.stderr).unwrap();
        contains(&said, &["can't see", "keyseal.db: Permission denied", "sudo -u"]);
    }
}
