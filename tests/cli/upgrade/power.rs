//! A power cut during an upgrade: after every single write, the database has the old version or the new one, and
//! every row.

use std::fs;

use fastrand::Rng;
use keyseal_test_disk::{Disk, Replay};

use super::{columns, dump, kept, open, version};

/// What a disk writes in one piece.
const TEARS: [usize; 2] = [512, 4096];

#[test]
fn it_leaves_the_old_version_or_one_that_a_step_led_to() {
    let (data, twin) = (kept(1), kept(1));
    let before = open(&twin.path().join("keyseal.db"));
    let columns = columns(&before);
    let rows = dump(&before, &columns);
    // In this process: only then its disk can be watched.
    let disk = Disk::under(data.path());
    let result = keyseal_test_support::keyseal(data.path(), &["upgrade"]);
    let history = disk.history();
    drop(disk);
    let new = result["to"].as_i64().unwrap();

    let mut chance = Rng::with_seed(1);
    let mut replay = Replay::new(&history);
    let (mut old_ones, mut new_ones) = (0, 0);
    loop {
        let image = tempfile::tempdir().unwrap();
        let tear = TEARS[replay.position() % TEARS.len()];
        for (name, bytes) in replay.image(&mut chance, tear) {
            fs::write(image.path().join(name), bytes).unwrap();
        }
        let database = open(&image.path().join("keyseal.db"));
        let checked: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(checked, "ok", "after event {}", replay.position());
        let found = version(&database);
        assert!((1..=new).contains(&found), "version {found} after event {}", replay.position());
        assert!(dump(&database, &columns) == rows, "other rows after event {}", replay.position());
        *if found < new { &mut old_ones } else { &mut new_ones } += 1;
        if !replay.step(&mut chance, tear) {
            break;
        }
    }
    assert!(old_ones > 0 && new_ones > 0, "{old_ones} {new_ones}");
}
