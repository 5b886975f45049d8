//! Databases and places that an upgrade refuses: nothing is changed, and the message says what to do.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::{copy_files, hashes, kept, open, version};
use crate::support::{contains, copy_of_program, done, keyseal, program, refused};

/// A kept directory whose log is in the database, after a change to that.
fn changed(sql: &str) -> TempDir {
    let data = kept(1);
    open(&data.path().join("keyseal.db")).execute_batch(sql).unwrap();
    data
}

#[test]
fn a_newer_database_another_programs_and_a_changed_one_stay_as_they_are() {
    for (sql, says) in [
        ("PRAGMA user_version = 99", "was written by a newer Keyseal (schema 99"),
        ("PRAGMA user_version = 0", "is not Keyseal's"),
        ("PRAGMA application_id = 7", "is not Keyseal's"),
        (
            "CREATE TRIGGER evil AFTER INSERT ON audit BEGIN SELECT 1; END",
            "the trigger evil is not part of this program's schema",
        ),
        ("DROP INDEX jobs_by_fingerprint", "the index jobs_by_fingerprint is missing"),
    ] {
        let data = changed(sql);
        let before = hashes(data.path());
        for command in [&["upgrade"][..], &["serve", "--listen", "127.0.0.1:0"], &["license", "list"]] {
            contains(&refused(data.path(), command), &[says]);
            assert_eq!(hashes(data.path()), before, "{sql} {command:?}");
        }
        assert!(!data.path().join("before-upgrade-1.db").exists());
    }
}

#[test]
fn a_newer_database_stays_as_it_is_also_with_a_log() {
    let data = kept(1);
    let path = data.path().join("keyseal.db");
    let database = open(&path);
    let keep_log = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    database.set_db_config(keep_log, true).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let before = hashes(data.path());
    assert!(before.iter().all(Option::is_some));
    for command in [&["upgrade"][..], &["serve", "--listen", "127.0.0.1:0"], &["license", "list"]] {
        contains(&refused(data.path(), command), &["newer Keyseal (schema 99"]);
        assert_eq!(hashes(data.path()), before);
    }
}

#[test]
fn a_log_that_lost_changes_is_refused_and_kept() {
    let (kept, outside) = (kept(1), tempfile::tempdir().unwrap());
    // A name that is not valid UTF-8.
    let other = outside.path().join(OsStr::from_bytes(b"caf\xe9"));
    copy_files(kept.path(), &other);
    fs::set_permissions(&other, fs::Permissions::from_mode(0o700)).unwrap();
    for data in [kept.path(), &other] {
        let log = data.join("keyseal.db-wal");
        let mut content = fs::read(&log).unwrap();
        content[32 + 24 + 100] ^= 1;
        fs::write(&log, content).unwrap();
        let before = hashes(data);
        contains(&refused(data, &["upgrade"]), &["is damaged", "in its log"]);
        assert_eq!(hashes(data), before);
    }
}

#[test]
fn a_missing_database_and_a_backup_are_refused() {
    let (data, outside) = (kept(1), tempfile::tempdir().unwrap());
    contains(&refused(&outside.path().join("none"), &["upgrade"]), &["no database at"]);
    done(data.path(), &["upgrade"]);
    let backup = outside.path().join("backup");
    done(data.path(), &["backup", backup.to_str().unwrap()]);
    contains(&refused(&backup, &["upgrade"]), &["is a backup and is not changed"]);
}

#[test]
fn a_step_that_fails_names_itself_and_the_copy_and_leaves_the_old_version() {
    let data = kept(1);
    let path = data.path().join("keyseal.db");
    let other = open(&path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = refused(data.path(), &["upgrade"]);
    contains(&said, &["step 0002_name_the_checksum failed: database is locked", "it still has schema 1"]);
    contains(&said, &["before-upgrade-1.db is a copy from before"]);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(version(&open(&path)), 1);
    assert_eq!(version(&open(&data.path().join("before-upgrade-1.db"))), 1);
    done(data.path(), &["upgrade"]);
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// Runs a command as a user who owns the data directory, but may not write to it: root may write to any.
fn as_owner(data: &Path, arguments: &[&str]) -> Output {
    const NOBODY: u32 = 65_534;
    let mut command = program();
    let (_place, copy) = copy_of_program();
    if is_root() {
        command = Command::new(copy);
        for entry in [data.to_owned()]
            .into_iter()
            .chain(fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()))
        {
            chown(entry, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        command.uid(NOBODY).current_dir("/");
    }
    command.arg("--data").arg(data).args(arguments).output().unwrap()
}

#[test]
fn a_directory_that_can_not_be_written_is_refused_and_stays_readable() {
    let data = kept(1);
    let before = hashes(data.path());
    let mode = |mode| fs::set_permissions(data.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let output = as_owner(data.path(), &["upgrade"]);
    assert_eq!(output.status.code(), Some(1));
    contains(&String::from_utf8(output.stderr).unwrap(), &["can't write to ", "Permission denied"]);
    let output = as_owner(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    mode(0o700);
    assert_eq!(hashes(data.path()), before);
    done(data.path(), &["upgrade"]);
}

/// A file system in memory of so many bytes, until this is dropped. `None`: only root can mount one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new(bytes: u64) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let options = format!("size={bytes},mode=700");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(place.path()).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(place))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.0.path()).output());
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "says that it is skipped")]
fn too_little_disk_is_refused_with_numbers_and_nothing_is_changed() {
    let Some(disk) = SmallDisk::new(1_300_000) else {
        println!("skipped: only root can mount a small file system, and not everywhere");
        return;
    };
    let data = disk.0.path().join("data");
    copy_files(kept(1).path(), &data);
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let before = hashes(&data);
    for command in [&["upgrade"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        contains(
            &refused(&data, command),
            &["nothing was changed", "can take 2 MB", "0 MB are free", "make room"],
        );
        assert_eq!(hashes(&data), before);
        assert!(!data.join("before-upgrade-1.db").exists());
    }
    let resized = Command::new("mount").args(["-o", "remount,size=8000000"]).arg(disk.0.path()).status();
    assert!(resized.unwrap().success());
    assert_eq!(keyseal(&data, &["upgrade"]).status.code(), Some(0));
}
