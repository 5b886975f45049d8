//! Each fault of a directory or its settings is found, and only that.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{copy_of, examine, found, harm, mode, sound, traces};
use crate::support::{contains, golden_key, program, put_private};

/// The one file that customers download.
fn download(data: &Path) -> PathBuf {
    fs::read_dir(data.join("downloads")).unwrap().next().unwrap().unwrap().path()
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

/// Puts a fault into a data directory.
type Fault = fn(&Path);

/// Faults, each with the check that finds it, words of what it says, and words of the next step.
const FAULTS: [(&str, &str, &str, Fault); 28] = [
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
    ("contract keys", "less than 16 characters", "update-contract", |data| {
        harm(
            data,
            "INSERT INTO contracts (uuid, name, information, contract_key, license_keys_quantity, product_id,
                 can_get_info, can_generate, can_destroy, can_destroy_all, status, created_at, updated_at)
             VALUES ('u', 'n', '', 'x', 1, 1, 1, 1, 1, 1, 'active', 1, 1)",
        );
    }),
    ("owners", "1 license is not found by the owner", "keyseal license update KEY", |data| {
        harm(data, "UPDATE licenses SET owner_email = 'Jane@example.com'");
    }),
    ("write-ahead log", "kept the database open for long", "restart the server", |data| {
        let log = fs::OpenOptions::new().create(true).append(true).open(data.join("keyseal.db-wal")).unwrap();
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

#[test]
fn doctor_finds_each_fault_and_only_that() {
    let original = sound();
    for (check, says, next, plant) in FAULTS {
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
