//! `license bulk`: one change to many licenses.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{contains, create_license, done, initialized, keyseal, program, put_private, refused};

/// Two products, and 8 licenses of the first: available, assigned with and without an end, blocked, with seats.
fn world() -> TempDir {
    let data = initialized();
    for product in ["Basic", "Pro"] {
        done(data.path(), &["product", "create", "--name", product]);
    }
    for (key, status, validity) in [
        ("FREE", "available", "30"),
        ("A1", "assigned", "30"),
        ("A2", "assigned", "365"),
        ("ENDLESS", "assigned", "0"),
        ("LATE", "assigned", "2147483647"),
        ("B1", "blocked", "30"),
        ("B2", "blocked", "0"),
        ("FULL", "assigned", "10"),
    ] {
        let email = format!("{}@x.example", &key[..1]);
        let options = ["--status", status, "--validity", validity, "--owner-email", &email];
        create_license(data.path(), key, &options);
    }
    for identifier in ["pc-1", "pc-2"] {
        done(data.path(), &["license", "activate", "FULL", "--identifier", identifier]);
        done(data.path(), &["license", "activate", "A1", "--identifier", identifier]);
    }
    data
}

fn copy_of(world: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("keys")).unwrap();
    for file in ["keyseal.db", "keys/global.pem"] {
        put_private(&fs::read(world.join(file)).unwrap(), &copy.path().join(file));
    }
    copy
}

/// Imports available licenses of product 1, valid for 30 days, and gives their keys.
fn import_numbered(data: &Path, count: usize) -> Vec<String> {
    let keys: Vec<String> = (0..count).map(|number| format!("KEY-{number}")).collect();
    let lines: Vec<String> = keys.iter().map(|key| format!("{key},1,30")).collect();
    let csv = data.join("many.csv");
    fs::write(&csv, format!("license_key,product_id,validity\n{}\n", lines.join("\n"))).unwrap();
    done(data, &["license", "import", csv.to_str().unwrap()]);
    keys
}

fn bulk(data: &Path, change: &[&str], selection: &[&str]) -> Value {
    done(data, &[&["license", "bulk"], change, selection].concat())
}

#[test]
fn a_dry_run_says_what_the_run_does_and_changes_nothing() {
    let commands: [&[&str]; 11] = [
        &["renew", "--days", "7"],
        &["renew", "--years", "1"],
        &["renew", "--until", "2031-12-31"],
        &["block", "--reason", "stolen card"],
        &["unblock"],
        &["move", "--to", "Pro"],
        &["move", "--to", "Basic"],
        &["release", "--all-seats"],
        &["release", "--oldest"],
        &["release", "--identifier", "PC-2"],
        &["note", "summer sale"],
    ];
    let selections: [&[&str]; 5] = [
        &["--all"],
        &["--status", "assigned"],
        &["--owner-email", "a@X.example"],
        &["--product", "1", "--expiring", "60"],
        &["--state", "active"],
    ];
    let mut changed = 0;
    let world = world();
    for change in commands {
        for selection in selections {
            let data = copy_of(world.path());
            let data = data.path();
            let before = done(data, &["license", "list"]);
            let dry = bulk(data, change, &[selection, &["--dry-run"]].concat());
            assert_eq!(done(data, &["license", "list"]), before, "{change:?} {selection:?}");
            let mut run = bulk(data, change, selection);
            assert_eq!((&dry["dry_run"], &run["dry_run"]), (&json!(true), &json!(false)));
            run["dry_run"] = json!(true);
            assert_eq!(dry, run, "{change:?} {selection:?}");
            changed += run["changed"].as_u64().unwrap();
            // The audit trail has an entry for each, and one about all.
            let trail = done(data, &["audit", "list", "--limit", "1000"]);
            let action = format!("license bulk {}", change[0]);
            let entries: Vec<&Value> =
                trail.as_array().unwrap().iter().filter(|entry| entry["action"] == json!(action)).collect();
            let (about_all, each): (Vec<&Value>, Vec<&Value>) =
                entries.into_iter().partition(|entry| entry["subject"].is_null());
            match run["changed"].as_u64().unwrap() {
                0 => assert!(about_all.is_empty() && each.is_empty(), "{change:?} {selection:?}"),
                count => {
                    assert_eq!(about_all.len(), 1, "{change:?} {selection:?}");
                    assert_eq!(about_all[0]["detail"], json!(format!("licenses: {count}")));
                    assert!(each.len() as u64 >= count, "{change:?} {selection:?}: {each:?}");
                }
            }
        }
    }
    assert!(changed > 60, "{changed}");
}

#[test]
fn what_can_not_be_changed_is_named_and_the_rest_is_changed() {
    let data = world();
    let renewed = bulk(data.path(), &["renew", "--days", "7"], &["--all"]);
    assert_eq!(
        (&renewed["changed"], &renewed["unchanged"], &renewed["refused"]),
        (&json!(5), &json!(0), &json!(3))
    );
    let refused: Vec<&Value> =
        renewed["reasons"].as_array().unwrap().iter().map(|refused| &refused["license_key"]).collect();
    assert_eq!(refused, ["ENDLESS", "LATE", "B2"]);
    let moved = keyseal(data.path(), &["license", "bulk", "move", "--to", "Pro", "--status", "blocked"]);
    contains(&String::from_utf8(moved.stdout).unwrap(), &["2 licenses are moved"]);
    let again = bulk(data.path(), &["move", "--to", "2"], &["--status", "blocked"]);
    assert_eq!((&again["changed"], &again["unchanged"]), (&json!(0), &json!(2)));
}

#[test]
fn many_licenses_are_changed_in_slices_each_once() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    import_numbered(data, 1_500);
    // Renewed licenses still match.
    assert_eq!(bulk(data, &["renew", "--days", "1"], &["--status", "available"])["changed"], 1_500);
    let licenses = done(data, &["license", "list"]);
    assert!(licenses.as_array().unwrap().iter().all(|license| license["validity"] == 31));
    // Blocked ones do not.
    assert_eq!(bulk(data, &["block", "--reason", "x"], &["--status", "available"])["changed"], 1_500);
    assert_eq!(done(data, &["license", "list", "--status", "available"]), json!([]));
}

#[test]
fn a_renewal_of_many_until_a_day_shortens_none() {
    let data = world();
    let data = data.path();
    let expiries = || -> Vec<(String, String)> {
        let listed = done(data, &["license", "list", "--status", "assigned"]);
        let expiry =
            |license: &Value| (license["license_key"].to_string(), license["expires_at"].to_string());
        listed.as_array().unwrap().iter().map(expiry).collect()
    };
    done(data, &["license", "renew", "A2", "--until", "2090-01-01"]);
    let before = expiries();
    let renewed = bulk(data, &["renew", "--until", "2080-06-30"], &["--status", "assigned"]);
    // A1 and FULL last longer now; A2 and LATE did before; ENDLESS has no end.
    assert_eq!(
        (&renewed["changed"], &renewed["unchanged"], &renewed["refused"]),
        (&json!(2), &json!(2), &json!(1))
    );
    let after = expiries();
    let changed: Vec<&str> =
        before.iter().zip(&after).filter(|(old, new)| old != new).map(|(old, _)| old.0.as_str()).collect();
    assert_eq!(changed, ["\"A1\"", "\"FULL\""]);
    assert!(before.iter().zip(&after).all(|(old, new)| old.1 <= new.1), "{before:?} {after:?}");
    let again = bulk(data, &["renew", "--until", "2080-06-30"], &["--status", "assigned"]);
    assert_eq!((&again["changed"], &again["unchanged"]), (&json!(0), &json!(4)));
}

#[test]
fn a_license_that_a_list_names_twice_is_changed_once() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    let keys = import_numbered(data, 450);
    // The repeats are in other slices, and in other letters.
    let file = data.join("keys.txt");
    fs::write(&file, format!("{0}\n{0}\n{1}\n", keys.join("\n"), keys.join("\n").to_lowercase())).unwrap();
    let file = file.to_str().unwrap();
    let selections: [&[&str]; 2] = [&["--keys-from", file, "--dry-run"], &["--keys-from", file]];
    for selection in selections {
        let renewed = bulk(data, &["renew", "--days", "1"], selection);
        assert_eq!((&renewed["changed"], &renewed["refused"]), (&json!(450), &json!(0)), "{selection:?}");
    }
    let licenses = done(data, &["license", "list"]);
    assert!(licenses.as_array().unwrap().iter().all(|license| license["validity"] == 31));
    fs::write(file, "NOPE\nNOPE\n").unwrap();
    let nothing = keyseal(data, &["license", "bulk", "unblock", "--keys-from", file]);
    assert_eq!(nothing.status.code(), Some(1));
    contains(&String::from_utf8(nothing.stderr).unwrap(), &["1 license key not found: NOPE"]);
}

#[test]
fn keys_come_from_a_file_or_from_standard_input() {
    let data = world();
    let data = data.path();
    let keys = data.join("keys.txt");
    fs::write(&keys, "\u{feff}a1\r\n\r\nA2\nA1\n").unwrap();
    let keys = keys.to_str().unwrap();
    assert_eq!(bulk(data, &["renew", "--days", "1"], &["--keys-from", keys])["changed"], 2);
    let mut command = program();
    command.arg("--data").arg(data).args(["--json", "license", "bulk", "note", "x", "--keys-from", "-"]);
    let mut command =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    command.stdin.take().unwrap().write_all(b"FULL\nNOPE\n").unwrap();
    let output = command.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&result["changed"], &result["not_found"]), (&json!(1), &json!(["NOPE"])));
    contains(&String::from_utf8(output.stderr).unwrap(), &["1 license key not found: NOPE"]);
    let missing = refused(data, &["license", "bulk", "unblock", "--keys-from", "/no/file"]);
    contains(&missing, &["can't read /no/file"]);
}

#[test]
fn a_selection_of_nothing_or_of_everything_unasked_is_refused() {
    let data = world();
    let data = data.path();
    let unblock = ["license", "bulk", "unblock"];
    contains(&refused(data, &unblock), &["no license is selected", "--keys-from", "--all"]);
    for nothing in [&["--owner-email", "nobody@x.example"][..], &["--product", "2"]] {
        contains(&refused(data, &[&unblock[..], nothing].concat()), &["no license matches", "license list"]);
    }
    let both = refused(data, &[&unblock[..], &["--keys-from", "-", "--status", "blocked"]].concat());
    contains(&both, &["give --keys-from or a filter, not both"]);
    contains(&refused(data, &["license", "bulk", "block", "--reason", " ", "--all"]), &["--reason is empty"]);
    contains(&refused(data, &["license", "bulk", "move", "--to", "Nope", "--all"]), &["Nope"]);
    for usage in [
        &["renew", "--all"][..],
        &["release", "--all"],
        &["renew", "--days", "1", "--all", "--keys-from", "-"],
    ] {
        let output = keyseal(data, &[&["license", "bulk"], usage].concat());
        assert_eq!(output.status.code(), Some(2), "{usage:?}");
    }
}
