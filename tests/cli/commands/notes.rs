//! Notes and order references of licenses, and the question before a license is deleted.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

use crate::support::{contains, create_license, done, initialized, keyseal, program, refused};

fn exported(data: &Path) -> String {
    String::from_utf8(keyseal(data, &["license", "export"]).stdout).unwrap()
}

#[test]
fn a_note_and_an_order_are_kept_changed_and_removed() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "K", &["--status", "assigned"]);
    let noted = done(data, &["license", "note", "k", " Zoë asked\nfor a refund "]);
    assert_eq!(noted, json!({ "id": 1, "license_key": "K", "note": "Zoë asked\nfor a refund" }));
    let updated = done(data, &["license", "update", "K", "--order-reference", " 4711 "]);
    assert_eq!(
        (&updated["note"], &updated["order_reference"]),
        (&json!("Zoë asked\nfor a refund"), &json!("4711"))
    );
    let updated = done(data, &["license", "update", "K", "--note", "", "--order-reference", "4712"]);
    assert_eq!((&updated["note"], &updated["order_reference"]), (&Value::Null, &json!("4712")));
    // The same again changes nothing.
    done(data, &["license", "update", "K", "--order-reference", "4712"]);
    let (long, longest) = ("x".repeat(4097), "y".repeat(4096));
    contains(&refused(data, &["license", "note", "K", &long]), &["the note: it is longer than 4096 bytes"]);
    for (option, text) in [("--note", long.as_str()), ("--order-reference", &"x".repeat(256))] {
        contains(&refused(data, &["license", "update", "K", option, text]), &[option, "it is longer than"]);
    }
    assert_eq!(done(data, &["license", "note", "K", &longest])["note"], json!(longest));
    // What it says stays out of the trail, but for the order's number.
    let trail = done(data, &["audit", "list", "--license", "K"]);
    let told: Vec<_> =
        trail.as_array().unwrap().iter().skip(1).map(|entry| (&entry["change"], &entry["detail"])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["note changed", null],
            ["order reference changed", "- -> 4711"],
            ["note removed", null],
            ["order reference changed", "4711 -> 4712"],
            ["note changed", null],
        ])
    );
    // They were about its owner.
    done(data, &["license", "update", "K", "--status", "available"]);
    assert!(!exported(data).contains("4712") && !exported(data).contains("yyy"));
}

#[test]
fn notes_and_orders_are_exported_and_imported_again() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    for key in ["PLAIN", "NOTED"] {
        create_license(data, key, &[]);
    }
    let file = data.join("all.csv");
    let file = file.to_str().unwrap();
    assert!(exported(data).starts_with("license_key,product_id,") && !exported(data).contains("note"));
    done(
        data,
        &["license", "update", "NOTED", "--note", "two\nlines, \"quoted\"", "--order-reference", "=4711"],
    );
    let all = exported(data);
    contains(&all, &["identifiers,note,order_reference\n", "PLAIN,1,,,0,0,,available,,,\n"]);
    for options in [&[][..], &["--for-excel"]] {
        done(data, &[&["license", "export", file], options].concat());
        let unchanged = done(data, &["license", "import", file, "--update"]);
        assert_eq!((&unchanged["unchanged"], &unchanged["updated"]), (&json!(2), &json!(0)), "{options:?}");
        for key in ["PLAIN", "NOTED"] {
            done(data, &["license", "delete", key]);
        }
        assert_eq!(done(data, &["license", "import", file])["imported"], 2, "{options:?}");
        assert_eq!(exported(data), all, "{options:?}");
    }
    // An update changes what its columns hold, and an empty field removes it.
    fs::write(file, "license_key,note\nPLAIN,new\nNOTED,\n").unwrap();
    assert_eq!(done(data, &["license", "import", file, "--update"])["updated"], 2);
    contains(&exported(data), &["PLAIN,1,,,0,0,,available,,new,\n", "NOTED,1,,,0,0,,available,,,=4711\n"]);
    fs::write(file, format!("license_key,note\nPLAIN,{}\n", "x".repeat(4097))).unwrap();
    contains(
        &refused(data, &["license", "import", file, "--update"]),
        &["note: it is longer than 4096 bytes"],
    );
}

/// Runs a command at a terminal of its own. Gives whether it succeeded, and what it said.
fn at_terminal(data: &Path, arguments: &[&str], typed: &str) -> (bool, String) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let user = || fs::File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = program();
    command.arg("--data").arg(data).args(arguments);
    let mut child = command.stdin(user()).stdout(user()).stderr(user()).spawn().unwrap();
    // The command keeps the user's side open: this program's must close, so that reading ends.
    drop(command);
    let mut terminal = fs::File::from(terminal);
    terminal.write_all(typed.as_bytes()).unwrap();
    let mut said = Vec::new();
    // Linux ends the reading with an error.
    drop(terminal.read_to_end(&mut said));
    (child.wait().unwrap().success(), String::from_utf8(said).unwrap())
}

#[test]
fn a_license_is_deleted_at_a_terminal_only_when_that_is_confirmed() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "K", &[]);
    done(data, &["license", "activate", "K", "--identifier", "I"]);
    for typed in ["n\n", "\n", "K\n", "\u{4}"] {
        let (deleted, said) = at_terminal(data, &["license", "delete", "k"], typed);
        assert!(!deleted, "{typed:?}: {said}");
        contains(&said, &["can't be undone. Continue? [y/N]", "nothing is changed"]);
        assert_eq!(done(data, &["license", "list"]).as_array().unwrap().len(), 1);
    }
    let (deleted, said) = at_terminal(data, &["license", "delete", "k"], "y\n");
    assert!(deleted && said.contains("license key K is deleted"), "{said}");
    create_license(data, "K", &[]);
    let (deleted, said) = at_terminal(data, &["license", "delete", "K", "--yes"], "");
    assert!(deleted && !said.contains('?'), "{said}");
    // Nobody to ask: as it was.
    create_license(data, "K", &[]);
    done(data, &["license", "delete", "K"]);
}
