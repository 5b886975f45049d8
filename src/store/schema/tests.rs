//! Tests of all upgrade steps together: their files, their result for every released version, and that a failure
//! changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::shape::difference_from_current;
use super::steps::{STEPS, Step, StepError};
use super::upgrade::{UpgradeEvent, upgrade};
use super::upgrade_error::UpgradeError;
use super::{VERSION, copies, open_existing};
use crate::files::DataDir;
use crate::store::sqlite::connection::{open_in_memory, open_writing};
use crate::store::{OpenError, Store};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A copy of the data directory that a released version left.
fn kept(version: i64) -> (TempDir, DataDir) {
    let copy = tempfile::tempdir().unwrap();
    copy_files(&root(&format!("tests/upgrade/v{version}/data")), copy.path());
    let data = DataDir::new(copy.path());
    (copy, data)
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_files(&path, &place);
        } else {
            fs::write(&place, fs::read(&path).unwrap()).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn upgraded(data: &DataDir) -> Result<bool, UpgradeError> {
    upgrade(data, &data.lock().unwrap(), &mut |_| {}).map(|done| done.is_some())
}

fn number(connection: &Connection, pragma: &str) -> i64 {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
}

#[test]
fn every_step_is_a_file_and_every_file_a_step_numbered_up_to_the_version() {
    let directory = root("src/store/schema/steps");
    let files =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.collect();
    files.sort();
    let steps: Vec<String> = STEPS.iter().map(|step| format!("{}.sql", step.name)).collect();
    assert_eq!(files, steps);
    for (number, step) in (2..).zip(STEPS) {
        assert_eq!(step.version, number);
        assert!(step.name.starts_with(&format!("{number:04}_")), "{}", step.name);
    }
    assert_eq!(STEPS.last().map(|step| step.version), Some(VERSION));
}

#[test]
fn the_data_directory_of_every_earlier_version_is_kept_and_becomes_a_new_database() {
    let pragmas = ["application_id", "user_version", "page_size", "auto_vacuum"];
    let about = |connection: &Connection| {
        let encoding: String = connection.pragma_query_value(None, "encoding", |row| row.get(0)).unwrap();
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        (pragmas.map(|pragma| number(connection, pragma)), encoding, mode)
    };
    let new = tempfile::tempdir().unwrap();
    let new = DataDir::new(new.path().join("data"));
    drop(Store::create(&new).unwrap());
    for version in 1..VERSION {
        let (_directory, data) = kept(version);
        assert!(matches!(open_existing(&data), Err(OpenError::Older { found, .. }) if found == version));
        assert!(upgraded(&data).unwrap());
        let connection = open_existing(&data).unwrap();
        assert_eq!(difference_from_current(&connection).unwrap(), None);
        assert_eq!(about(&connection), about(&open_existing(&new).unwrap()));
        assert!(!upgraded(&data).unwrap());
    }
}

#[test]
fn a_transaction_that_ends_between_two_statements_of_a_step_changes_nothing() {
    let (_directory, data) = kept(1);
    // As after a crash: nobody commits, and nobody rolls back.
    let connection = open_writing(&data.database()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection.execute_batch(STEPS[0].sql).unwrap();
    drop(connection);
    let connection = open_writing(&data.database()).unwrap();
    assert_eq!(number(&connection, "user_version"), 1);
    assert!(connection.prepare("SELECT seal FROM licenses").is_ok());
    drop(connection);
    assert!(upgraded(&data).unwrap());
}

/// Two tables of which one refers to the other, at version 6.
fn parent_and_child() -> Connection {
    let connection = open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    let sql = "CREATE TABLE parent (id INTEGER PRIMARY KEY, n INTEGER CHECK (n < 10)) STRICT;
               CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL
                   REFERENCES parent (id) ON DELETE CASCADE) STRICT;
               INSERT INTO parent VALUES (1, 1), (2, 2);
               INSERT INTO child VALUES (10, 1), (20, 2);
               PRAGMA user_version = 6";
    connection.execute_batch(sql).unwrap();
    connection
}

/// A step to version 7 that rebuilds `parent` with the rows for which `condition` holds.
fn rebuild(condition: &str, more: &str) -> Step {
    let sql = format!(
        "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, n INTEGER CHECK (n < 100)) STRICT;
         INSERT INTO parent_new SELECT * FROM parent WHERE {condition};
         DROP TABLE parent;
         ALTER TABLE parent_new RENAME TO parent;
         {more}"
    );
    Step { version: 7, name: "0007_test", sql: sql.leak(), rebuilds: true }
}

fn state(connection: &Connection) -> (i64, i64, i64, i64) {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get(0)).unwrap();
    let (parents, children) = (count("SELECT count(*) FROM parent"), count("SELECT count(*) FROM child"));
    (number(connection, "user_version"), parents, children, number(connection, "foreign_keys"))
}

#[test]
fn a_rebuilt_table_keeps_the_rows_that_refer_to_it() {
    let mut connection = parent_and_child();
    rebuild("true", "").run(&mut connection).unwrap();
    assert_eq!(state(&connection), (7, 2, 2, 1));
    connection.execute("INSERT INTO parent VALUES (3, 99)", []).unwrap();
    connection.execute("DELETE FROM parent WHERE id = 1", []).unwrap();
    assert_eq!(state(&connection), (7, 2, 1, 1));
}

#[test]
fn a_step_that_fails_or_breaks_a_reference_is_rolled_back() {
    let mut connection = parent_and_child();
    let broken = rebuild("id = 1", "").run(&mut connection).unwrap_err();
    assert!(matches!(&broken, StepError::BrokenReference(table) if table == "child"), "{broken}");
    assert_eq!(state(&connection), (6, 2, 2, 1));
    let failed = rebuild("true", "SELECT nonsense").run(&mut connection).unwrap_err();
    assert!(failed.to_string().contains("nonsense"), "{failed}");
    assert_eq!(state(&connection), (6, 2, 2, 1));
    let moved = Step { version: 9, ..rebuild("true", "") }.run(&mut connection).unwrap_err();
    assert!(matches!(moved, StepError::Moved(6)), "{moved}");
    assert_eq!(state(&connection), (6, 2, 2, 1));
}

#[test]
fn a_rebuilt_table_must_know_which_ids_were_given_out() {
    let mut connection = open_in_memory().unwrap();
    let sql = "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;
               INSERT INTO parent VALUES (1), (2);
               DELETE FROM parent WHERE id = 2;
               PRAGMA user_version = 6";
    connection.execute_batch(sql).unwrap();
    let rebuild = |carry_over: &str| {
        let sql = format!(
            "CREATE TABLE parent_new (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;
             INSERT INTO parent_new SELECT * FROM parent;
             {carry_over};
             DROP TABLE parent;
             ALTER TABLE parent_new RENAME TO parent"
        );
        Step { version: 7, name: "0007_test", sql: sql.leak(), rebuilds: true }
    };
    let reused = rebuild("").run(&mut connection).unwrap_err();
    assert!(matches!(&reused, StepError::ReusedIds(table) if table == "parent"), "{reused}");
    let carry_over =
        "UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'parent')
                      WHERE name = 'parent_new'";
    rebuild(carry_over).run(&mut connection).unwrap();
    let id: i64 =
        connection.query_row("INSERT INTO parent DEFAULT VALUES RETURNING id", [], |row| row.get(0)).unwrap();
    assert_eq!(id, 3);
}

#[test]
fn the_last_step_must_lead_to_the_current_schema() {
    let (_directory, data) = kept(VERSION - 1);
    let mut connection = open_writing(&data.database()).unwrap();
    let other =
        Step { version: VERSION, name: "other", sql: "CREATE TABLE more (id INTEGER)", rebuilds: false };
    let different = other.run(&mut connection).unwrap_err();
    assert!(matches!(different, StepError::Different(_)), "{different}");
    assert_eq!(number(&connection, "user_version"), VERSION - 1);
}

#[test]
fn an_older_database_that_another_program_changed_is_refused_before_anything_is_done() {
    for change in [
        "CREATE TRIGGER evil AFTER INSERT ON licenses BEGIN DELETE FROM blocks; END",
        "DROP TABLE audit",
        "ALTER TABLE licenses RENAME COLUMN seal TO checksum",
    ] {
        let (_directory, data) = kept(1);
        open_writing(&data.database()).unwrap().execute_batch(change).unwrap();
        let refused = upgraded(&data).unwrap_err();
        assert!(matches!(refused, UpgradeError::Open(OpenError::Changed { .. })), "{change}: {refused}");
        assert_eq!(copies::upgrade_copies(&data).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(number(&open_writing(&data.database()).unwrap(), "user_version"), 1);
    }
}

#[test]
fn the_newest_two_copies_are_kept_by_their_version() {
    let (directory, data) = kept(1);
    let place = |name: &str| directory.path().join(name);
    for name in ["before-upgrade-0.db", "before-upgrade-9.db", "before-upgrade-10.db", "before-upgrade-x.db"]
    {
        fs::write(place(name), "").unwrap();
    }
    assert!(upgraded(&data).unwrap());
    let kept = ["before-upgrade-10.db", "before-upgrade-9.db"].map(place);
    assert_eq!(copies::upgrade_copies(&data).unwrap(), kept);
    assert!(place("before-upgrade-x.db").exists());
}

#[test]
fn events_come_in_the_order_of_the_work() {
    let (_directory, data) = kept(1);
    let mut seen = Vec::new();
    let done = upgrade(&data, &data.lock().unwrap(), &mut |event| match event {
        UpgradeEvent::Begins { from, to } => seen.push(format!("{from} to {to}")),
        UpgradeEvent::Copying { done, all } => assert!(done <= all && all > 0),
        UpgradeEvent::Copied { to, .. } => seen.push(to.file_name().unwrap().to_str().unwrap().to_owned()),
        UpgradeEvent::StepBegins { step } | UpgradeEvent::StepDone { step, .. } => seen.push(step.to_owned()),
    });
    let mut expected = vec![format!("1 to {VERSION}"), "before-upgrade-1.db".to_owned()];
    expected.extend(STEPS.iter().flat_map(|step| [step.name.to_owned(), step.name.to_owned()]));
    assert_eq!(seen, expected);
    let done = done.unwrap().unwrap();
    assert_eq!((done.from, done.to, done.steps.len()), (1, VERSION, STEPS.len()));
}
