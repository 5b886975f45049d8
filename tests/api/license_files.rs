//! `keyseal license import` and `export`: CSV files, beside a running server.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{License, TestServer, keyseal, try_keyseal};

const HEADER: &str = "license_key,product_id,owner_name,owner_email,activation_limit,validity,assigned_at,status,\
    identifiers\n";

/// Imports a file with this content, with these options.
fn import(server: &TestServer, content: impl AsRef<[u8]>, options: &[&str]) -> (bool, Value) {
    let path = server.data().join("import.csv");
    fs::write(&path, content).unwrap();
    try_keyseal(server.data(), &[&["license", "import", path.to_str().unwrap()], options].concat())
}

fn export(data: &Path, options: &[&str]) -> String {
    let path = data.join("export.csv");
    keyseal(data, &[&["license", "export", path.to_str().unwrap()], options].concat());
    fs::read_to_string(path).unwrap()
}

fn count(server: &TestServer) -> usize {
    server.command(&["license", "list"]).as_array().unwrap().len()
}

/// Licenses with all that could go wrong on the way through a file.
fn odd_licenses() -> String {
    let lines = [
        "PLAIN,1,,,0,0,,available,",
        concat!(
            r#"KEY-1,1,"Doe, ""Jo""",jo@example.com,4,365,2024-02-27 03:05:31,assigned,"#,
            r#""[""domain.ltd"",""a|b"",""q\""uote"",""é,ü""]""#
        ),
        "\"a,key\",2,\"two\nlines\",,1,0,,reserved,",
        r#"BLOCKED,2,Ünïcode 🎉,,0,30,1969-12-31 23:59:59,blocked,"[""x""]""#,
    ];
    format!("{HEADER}{}\n", lines.join("\n"))
}

#[test]
fn an_export_imported_into_a_fresh_directory_exports_the_same() {
    let server = TestServer::start();
    let (done, report) = import(&server, odd_licenses(), &[]);
    assert!(done);
    assert_eq!(
        report,
        json!({
            "imported": 4, "good": 4, "bad": 0, "bad_lines": [], "dry_run": false, "updated": 0, "unchanged": 0,
            "skipped_existing": 0, "delimiter": ",",
        })
    );
    let exported = export(server.data(), &[]);
    assert_eq!(exported, odd_licenses());

    let fresh = TestServer::start();
    assert!(import(&fresh, &exported, &[]).0);
    assert_eq!(export(fresh.data(), &[]), exported);
    let fields = [("license_key", "key-1"), ("identifier", "A|B"), ("key", "k"), ("value", "v")];
    assert_eq!(fresh.post("create-license-key-meta", &fields).code, 205);
}

#[test]
fn an_export_can_be_of_one_product_or_of_one_status_and_is_private() {
    let server = TestServer::start();
    import(&server, odd_licenses(), &[]);
    let keys = |options: &[&str]| {
        let exported = export(server.data(), options);
        let keys = exported.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned());
        keys.filter(|key| !key.starts_with("lines")).collect::<Vec<_>>()
    };
    assert_eq!(keys(&["--product", "1"]), ["PLAIN", "KEY-1"]);
    assert_eq!(keys(&["--status", "blocked"]), ["BLOCKED"]);
    assert!(keys(&["--product", "1", "--status", "blocked"]).is_empty());
    let mode = fs::metadata(server.data().join("export.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!try_keyseal(server.data(), &["license", "export"]).0, "two results on one output");
}

#[test]
fn columns_are_found_by_name_and_what_is_missing_is_the_default() {
    let server = TestServer::start();
    server.command(&["product", "create", "--name", "Third", "--slug", "third"]);
    assert!(import(&server, "\u{feff} Product_ID ,License_Key\r\nthird, SPACED \r\n\r\n1,B\r\n", &[]).0);
    assert_eq!(
        export(server.data(), &[]),
        format!("{HEADER}SPACED,3,,,0,0,,available,\nB,1,,,0,0,,available,\n")
    );
}

#[test]
fn every_bad_line_is_told_by_its_number_and_nothing_is_written() {
    let server = TestServer::start();
    server.add_license(&License { key: "THERE", ..License::default() });
    let bad = [
        ("there,1,,,,,,,", "license key there exists already"),
        (",1,,,,,,,", "license_key: it is empty"),
        ("A,,,,,,,,", "product_id is empty"),
        ("A,9,,,,,,,", "there is no product 9: see \"keyseal product list\""),
        ("A,1,,,-2,,,,", "activation_limit: \"-2\" is not a whole number from 0 to 2147483647"),
        ("A,1,,,,x,,,", "validity: \"x\" is not a whole number from 0"),
        ("A,1,,,,,soon,,", "assigned_at: \"soon\" is not a time"),
        ("A,1,,,,,,sold,", "status: \"sold\" is not one of available, assigned, reserved, blocked"),
        ("A,1,,,,,,,a|b", "identifiers: write a JSON array of strings"),
        ("A,1,,,,,,,\"[\"\"a\"\",\"\"A\"\"]\"", "identifiers: \"A\" appears twice"),
        ("A,1,,,,,,,\"[\"\" \"\"]\"", "identifiers: \" \": it is empty"),
        ("A,1,,,,,,,,x", "10 fields, but the first line has 9"),
        ("GOOD,1,,,,,,,", ""),
        ("good,1,,,,,,,", "license key good is on line 14 too"),
    ];
    let mut content = HEADER.to_owned();
    for (line, _) in &bad {
        writeln!(content, "{line}").unwrap();
    }
    let mut content = content.into_bytes();
    content.extend_from_slice(b"\xff,1,,,,,,,\n");
    for options in [&[][..], &["--dry-run"]] {
        assert_eq!(import(&server, &content, options), (false, Value::Null));
        assert_eq!(count(&server), 1);
    }
    let (done, report) = import(&server, &content, &["--dry-run", "--skip-bad"]);
    assert!(done && count(&server) == 1);
    assert_eq!((&report["imported"], &report["good"], &report["bad"]), (&json!(0), &json!(1), &json!(14)));
    let told = report["bad_lines"].as_array().unwrap();
    let mut expected: Vec<(u64, &str)> = (2..).zip(bad.iter().map(|(_, reason)| *reason)).collect();
    expected.retain(|(_, reason)| !reason.is_empty());
    expected.push((16, "not UTF-8"));
    assert_eq!(told.len(), expected.len());
    for (told, (line, reason)) in told.iter().zip(expected) {
        assert_eq!(told["line"], line);
        assert!(told["reason"].as_str().unwrap().starts_with(reason), "{told}");
    }
    let (done, report) = import(&server, &content, &["--skip-bad"]);
    assert!(done && count(&server) == 2);
    assert_eq!((&report["imported"], &report["bad"]), (&json!(1), &json!(14)));
}

#[test]
fn a_file_without_the_right_columns_is_refused() {
    let server = TestServer::start();
    for content in [
        "",
        "license_key\nA\n",
        "product_id,license_key,licence\n1,A,x\n",
        "license_key,product_id,license_key\nA,1,B\n",
    ] {
        assert!(!import(&server, content, &["--skip-bad"]).0, "{content}");
    }
    assert!(!try_keyseal(server.data(), &["license", "import", "/dev/null"]).0);
    assert_eq!(count(&server), 0);
}

#[test]
fn a_running_server_knows_what_was_imported_at_once() {
    let server = TestServer::start();
    import(&server, odd_licenses(), &[]);
    let fields = |identifier| [("license_key", "BLOCKED"), ("identifier", identifier)];
    assert_eq!(server.post("access-downloadables", &fields("x")).code, 204);
}
