//! Files that are not what they should be: in another's place, of another program, of another version,
//! missing, unreadable.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use super::sample::Sample;
use super::{DATABASE, LOG, check_refusal};
use crate::support::{ServerProcess, World, serving};

/// Somebody who owns nothing here.
const NOBODY: u32 = 65_534;

/// What is done to a data directory, and words of the refusal that follows; none: it serves, and all verdicts
/// are right.
type Case = (&'static str, Harm, &'static [&'static str]);

/// Changes a data directory.
type Harm = fn(&Path);

const CASES: [Case; 20] = [
    ("an empty file", |data| write(data, ""), &[DATABASE, "not Keyseal's"]),
    ("text", |data| write(data, &"some text\n".repeat(1000)), &[DATABASE, "can't be read", "restore"]),
    ("a directory in its place", directory_in_its_place, &[DATABASE, "it is a directory"]),
    (
        "no database",
        |data| fs::remove_file(data.join(DATABASE)).unwrap(),
        &["no database at", "keyseal init"],
    ),
    ("a database of no program", |data| other_program(data, 0), &[DATABASE, "another program", "--data"]),
    (
        "a database of another program",
        |data| other_program(data, 7),
        &[DATABASE, "another program", "--data"],
    ),
    (
        "another program's mark",
        |data| set(data, "application_id", 7),
        &[DATABASE, "another program", "--data"],
    ),
    (
        "a newer version",
        |data| set(data, "user_version", 99),
        &["newer Keyseal", "schema 99", "run that version"],
    ),
    (
        "the number of an older version",
        |data| set(data, "user_version", 1),
        &[DATABASE, "its tables are not those of schema 1", "restore"],
    ),
    ("no version", |data| set(data, "user_version", 0), &[DATABASE, "not Keyseal's"]),
    (
        "a log of text",
        |data| fs::write(data.join(LOG), "text ".repeat(5_000)).unwrap(),
        &[DATABASE, LOG, "restore"],
    ),
    ("an empty log", |data| fs::write(data.join(LOG), "").unwrap(), &[]),
    ("no global key", |data| fs::remove_file(global_key(data)).unwrap(), &["global.pem", "signing-key"]),
    ("a damaged key", damage_key, &["global.pem"]),
    ("an empty key", |data| fs::write(global_key(data), "").unwrap(), &["global.pem"]),
    ("a key that others may read", |data| mode(&global_key(data), 0o644), &["global.pem", "chmod"]),
    ("a database behind a link", linked, &[DATABASE, "symbolic link"]),
    (
        "a link to nothing",
        |data| {
            linked(data);
            fs::remove_file(data.join("elsewhere.db")).unwrap();
        },
        &[DATABASE, "symbolic link"],
    ),
    ("a link to itself", link_to_itself, &[DATABASE, "symbolic link"]),
    ("keys behind a link", linked_keys, &["keys", "symbolic link", "must be a directory"]),
];

pub fn try_all(sample: &Sample) -> usize {
    for (what, harm, words) in CASES {
        let data = sample.copy_closed();
        harm(data.path());
        outcome(&mut serving(data.path()), sample, what, words);
    }
    CASES.len() + read_only(sample) + other_log(sample)
}

fn outcome(command: &mut Command, sample: &Sample, what: &str, words: &[&str]) {
    match ServerProcess::try_run(command) {
        Err(refused) => {
            assert!(!words.is_empty(), "{what}: refused: {}", refused.log);
            check_refusal(&refused, words, what);
        }
        Ok(server) => {
            assert!(words.is_empty(), "{what}: it serves");
            let (_, errors) = sample.ask(&server, what);
            assert_eq!(errors, 0, "{what}");
        }
    }
}

/// For root no permission is in the way, so the server runs as somebody else.
fn read_only(sample: &Sample) -> usize {
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let cases: [(&str, Harm); 3] = [
        ("a read-only database", |data| mode(&data.join(DATABASE), 0o400)),
        ("a read-only directory", |data| mode(data, 0o500)),
        ("a directory that is closed", |data| mode(data, 0o000)),
    ];
    for (what, harm) in cases {
        let data = sample.copy_closed();
        let mut command = serving(data.path());
        if is_root {
            give_away(data.path());
            command.uid(NOBODY).gid(NOBODY);
        }
        harm(data.path());
        outcome(&mut command, sample, what, &[data.path().to_str().unwrap()]);
        mode(data.path(), 0o700);
    }
    cases.len()
}

/// The log of another server's database beside this one: what SQLite makes of it must not be served as this one's.
fn other_log(sample: &Sample) -> usize {
    let other = World::new();
    let mut server = other.serve();
    let mut client = server.client();
    for number in 0..20 {
        let keys = format!("[\"OTHER-{number}\"]");
        let fields = [
            ("license_keys", &*keys),
            ("product_id", "1"),
            ("activation_limit", "1"),
            ("validity", "0"),
            ("status", "assigned"),
        ];
        assert_eq!(client.post("create-license-keys", &fields).unwrap().code, 900);
    }
    server.kill();
    let data = sample.copy_closed();
    fs::copy(other.data().join(LOG), data.path().join(LOG)).unwrap();
    outcome(&mut serving(data.path()), sample, "another database's log", &[DATABASE, "damaged", "restore"]);
    1
}

fn write(data: &Path, content: &str) {
    fs::write(data.join(DATABASE), content).unwrap();
}

fn global_key(data: &Path) -> std::path::PathBuf {
    data.join("keys/global.pem")
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn directory_in_its_place(data: &Path) {
    fs::remove_file(data.join(DATABASE)).unwrap();
    fs::create_dir(data.join(DATABASE)).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "plays another program")]
fn other_program(data: &Path, application_id: i64) {
    fs::remove_file(data.join(DATABASE)).unwrap();
    let database = Connection::open(data.join(DATABASE)).unwrap();
    database.execute_batch("CREATE TABLE licenses (id INTEGER PRIMARY KEY, key TEXT)").unwrap();
    database.pragma_update(None, "application_id", application_id).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "plays another program")]
fn set(data: &Path, pragma: &str, value: i64) {
    Connection::open(data.join(DATABASE)).unwrap().pragma_update(None, pragma, value).unwrap();
}

fn damage_key(data: &Path) {
    let mut key = fs::read(global_key(data)).unwrap();
    key[400] ^= 1;
    fs::write(global_key(data), key).unwrap();
}

fn linked(data: &Path) {
    fs::rename(data.join(DATABASE), data.join("elsewhere.db")).unwrap();
    symlink(data.join("elsewhere.db"), data.join(DATABASE)).unwrap();
}

fn link_to_itself(data: &Path) {
    fs::remove_file(data.join(DATABASE)).unwrap();
    symlink(data.join(DATABASE), data.join(DATABASE)).unwrap();
}

fn linked_keys(data: &Path) {
    fs::rename(data.join("keys"), data.join("elsewhere")).unwrap();
    symlink(data.join("elsewhere"), data.join("keys")).unwrap();
}

/// Makes somebody else the owner of all that is in a directory.
fn give_away(directory: &Path) {
    chown(directory, Some(NOBODY), Some(NOBODY)).unwrap();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            give_away(&path);
        } else {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}
