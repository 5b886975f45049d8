//! Databases that SQLite finds nothing wrong with and that are not as this program wrote them: no command
//! takes one for sound.

use std::fs;
use std::path::Path;

use keyseal_test_support::{agent, post_form};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::support::{Exit, Server, contains, create_license, done, initialized, keyseal, refused};

/// What a license is made with, and how the two numbers stand in its row.
const LIMIT_AND_VALIDITY: [&str; 2] = ["19229", "23100"];
const IN_THE_FILE: [u8; 4] = [0x4b, 0x1d, 0x5a, 0x3c];

const TRIGGER: &str =
    "CREATE TRIGGER evil AFTER INSERT ON activations BEGIN DELETE FROM activations WHERE id < new.id; END";

fn with_a_license() -> TempDir {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let [limit, validity] = LIMIT_AND_VALIDITY;
    create_license(data.path(), "K", &["--activation-limit", limit, "--validity", validity]);
    data
}

/// Changes the license's validity, and none of what SQLite looks at.
fn break_seal(directory: &Path) {
    let path = directory.join("keyseal.db");
    let mut content = fs::read(&path).unwrap();
    let mut places = content.windows(4).enumerate().filter(|(_, bytes)| *bytes == IN_THE_FILE);
    let (at, _) = places.next().unwrap();
    assert!(places.next().is_none());
    content[at + 3] ^= 1;
    fs::write(&path, content).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "plays whoever changes the database")]
fn add_trigger(directory: &Path) {
    let database = rusqlite::Connection::open(directory.join("keyseal.db")).unwrap();
    database.execute_batch(TRIGGER).unwrap();
}

fn sha256(path: &Path) -> String {
    Sha256::digest(fs::read(path).unwrap())
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Makes the manifest of a backup say what is there now, and `change` in it.
fn forge_manifest(backup: &Path, change: impl FnOnce(&mut Value)) {
    let (path, database) = (backup.join("manifest.json"), backup.join("keyseal.db"));
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["files"]["keyseal.db"] =
        serde_json::json!({ "size": fs::metadata(&database).unwrap().len(), "sha256": sha256(&database) });
    change(&mut manifest);
    fs::write(&path, manifest.to_string()).unwrap();
    fs::write(backup.join("manifest.json.sha256"), format!("{}  manifest.json\n", sha256(&path))).unwrap();
}

#[test]
fn what_serve_refuses_neither_backup_nor_restore_nor_doctor_calls_sound() {
    type Harm = fn(&Path);
    let harms: [(Harm, &str); 2] = [
        (break_seal, "row 1 has a wrong checksum"),
        (add_trigger, "the trigger evil is not part of this program's schema"),
    ];
    for (harm, told) in harms {
        let (data, outside) = (with_a_license(), tempfile::tempdir().unwrap());
        let path = |name: &str| outside.path().join(name);
        let text = |name: &str| path(name).to_str().unwrap().to_owned();
        done(data.path(), &["backup", &text("sound")]);
        harm(data.path());
        contains(&refused(data.path(), &["serve", "--listen", "127.0.0.1:0"]), &[told, "keyseal restore"]);
        contains(&refused(data.path(), &["backup", &text("b")]), &[told]);
        assert!(!path("b").exists());
        let doctor = keyseal(data.path(), &["doctor", "--listen", "127.0.0.1:0"]);
        let said = String::from_utf8(doctor.stdout).unwrap();
        contains(&said, &["WRONG    integrity", told, "keyseal restore"]);

        // A backup of an earlier program, or of a stranger, has a manifest that holds.
        harm(&path("sound"));
        forge_manifest(&path("sound"), |_| {});
        contains(&refused(&path("new"), &["restore", &text("sound")]), &[told]);
        assert!(!path("new/keyseal.db").exists() && !path("new/keys").exists());
    }
}

#[test]
fn a_broken_seal_that_is_met_while_serving_ends_all_verdicts() {
    let data = with_a_license();
    let key =
        done(data.path(), &["api-key", "create", "--name", "k", "--capability", "*"])["api_key"].clone();
    let mut server = Server::start(data.path());
    server.log_until("the database is whole");
    let code = |license: &str| {
        let url = format!("{}/api/v1/verify", server.url());
        let fields = [("api_key", key.as_str().unwrap()), ("license_key", license), ("identifier", "x")];
        let (_, answer) = post_form(&url, &fields);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["response"]["code"].as_i64().unwrap_or_else(|| panic!("{answer}"))
    };
    let ready = || agent().get(format!("{}/readyz", server.url())).call().unwrap().status().as_u16();
    assert_eq!((code("UNKNOWN"), ready()), (210, 200));
    break_seal(data.path());
    assert_eq!(code("K"), 1900);
    assert_eq!((code("UNKNOWN"), code("K"), ready()), (1901, 1901, 503));
    let Exit { code: status, log, .. } = server.end("-TERM");
    assert_eq!(status, Some(0));
    contains(&log, &["the database is damaged: table licenses: row 1", "keyseal restore"]);
}

#[test]
fn what_a_stranger_wrote_into_a_manifest_or_a_schema_moves_no_cursor() {
    let (data, outside) = (with_a_license(), tempfile::tempdir().unwrap());
    let path = |name: &str| outside.path().join(name);
    let backup = path("b").to_str().unwrap().to_owned();
    done(data.path(), &["backup", &backup]);
    forge_manifest(&path("b"), |manifest| manifest["made_at"] = "\u{1b}[2Jnow\u{9b}1A".into());
    let restored = keyseal(&path("new"), &["restore", &backup]);
    contains(&String::from_utf8(restored.stdout).unwrap(), &["\\u{1b}[2Jnow\\u{9b}1A"]);
    forge_manifest(&path("b"), |manifest| {
        manifest["format"] = 99.into();
        manifest["keyseal"] = "\u{1b}[2J9.9".into();
    });
    let said = refused(&path("other"), &["restore", &backup]);
    contains(&said, &["made by a newer Keyseal (\\u{1b}[2J9.9)"]);
    assert!(!said.contains('\u{1b}'));

    #[expect(clippy::disallowed_methods, reason = "plays whoever changes the database")]
    let database = rusqlite::Connection::open(data.path().join("keyseal.db")).unwrap();
    database.execute_batch("CREATE TABLE \"\u{1b}[2J\" (id INTEGER)").unwrap();
    drop(database);
    let doctor = keyseal(data.path(), &["doctor", "--listen", "127.0.0.1:0"]);
    contains(
        &String::from_utf8(doctor.stdout).unwrap(),
        &["the table \\u{1b}[2J is not part of this program's schema"],
    );
}
