//! `kill -9` during an upgrade: the database has the old version or the new one, and every row.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use super::{copy_files, kept, open, version};
use crate::support::{done, program};

const ROUNDS: u32 = 20;

/// Entries in the audit trail: enough for the upgrade to take a while.
const ENTRIES: i64 = 60_000;

fn fill(data: &Path) {
    let sql = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ENTRIES})
         INSERT INTO audit (at, who, action, change, subject, subject_id, license_key)
         SELECT i, 'command_line', 'license create', 'created', 'license', i, hex(randomblob(16)) FROM n"
    );
    open(&data.join("keyseal.db")).execute_batch(&sql).unwrap();
}

/// The version of the schema, after checking that the database is whole and has every row.
fn state(data: &Path) -> i64 {
    let database = open(&data.join("keyseal.db"));
    let checked: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(checked, "ok");
    let entries: i64 = database.query_row("SELECT count(*) FROM audit", [], |row| row.get(0)).unwrap();
    assert!(entries >= ENTRIES, "{entries}");
    let is_renamed = database.prepare("SELECT checksum FROM licenses").is_ok();
    assert_eq!(is_renamed, version(&database) >= 2);
    version(&database)
}

#[test]
fn it_leaves_the_old_version_or_one_that_a_step_led_to() {
    let (original, place) = (kept(1), tempfile::tempdir().unwrap());
    fill(original.path());
    let copy = |name: &str| {
        let data = place.path().join(name);
        copy_files(original.path(), &data);
        data
    };
    let whole = copy("whole");
    let started = Instant::now();
    let new = done(&whole, &["upgrade"])["to"].as_i64().unwrap();
    let took = started.elapsed();
    assert_eq!(state(&whole), new);
    let mut unfinished = 0;
    for round in 0..ROUNDS {
        let data = copy(&round.to_string());
        // A random moment in a part of its own: each part of the upgrade is met.
        let part = took / ROUNDS;
        let after = part * round + part.mul_f64(fastrand::f64());
        let mut upgrade = program();
        upgrade.arg("--data").arg(&data).arg("upgrade").stdout(Stdio::null()).stderr(Stdio::null());
        let mut upgrade = upgrade.spawn().unwrap();
        thread::sleep(after);
        drop(upgrade.kill());
        upgrade.wait().unwrap();
        let found = state(&data);
        assert!((1..=new).contains(&found), "{found}");
        unfinished += u32::from(found < new);
        // Whatever it left, the next one ends it.
        done(&data, &["upgrade"]);
        assert_eq!(state(&data), new);
        assert!(!data.join("before-upgrade-1.unfinished").exists());
        fs::remove_dir_all(&data).unwrap();
    }
    assert!(unfinished > 0, "no kill came in time: the upgrade took {took:?}");
}
