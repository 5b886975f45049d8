//! `keyseal license import` and `export` with files as people have them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{contains, create_license, done, initialized, keyseal, program, refused};

/// A directory with the products 1 "Editor" (slug `editor`) and 2 "Twin", and the license THERE.
fn prepared() -> tempfile::TempDir {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "Editor", "--slug", "editor"]);
    done(data.path(), &["product", "create", "--name", "The Twin"]);
    create_license(data.path(), "THERE", &["--owner-name", "Jane"]);
    data
}

fn write(data: &Path, content: impl AsRef<[u8]>) -> String {
    let path = data.join("import.csv");
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn import(data: &Path, content: impl AsRef<[u8]>, options: &[&str]) -> Value {
    let file = write(data, content);
    let checked = done(data, &[&["license", "import", &file, "--dry-run"], options].concat());
    let mut imported = done(data, &[&["license", "import", &file], options].concat());
    for member in ["good", "bad", "bad_lines", "skipped_existing", "delimiter"] {
        assert_eq!(imported[member], checked[member], "the dry run says something else of {member}");
    }
    imported["text"] = Value::Null;
    imported
}

/// What an import that must be refused says, with and without --dry-run.
fn refusal(data: &Path, content: impl AsRef<[u8]>, options: &[&str]) -> String {
    let before = done(data, &["license", "list"]);
    let file = write(data, content);
    let said = refused(data, &[&["license", "import", &file], options].concat());
    assert_eq!(refused(data, &[&["license", "import", &file, "--dry-run"], options].concat()), said);
    assert_eq!(done(data, &["license", "list"]), before, "something was written");
    said
}

fn license(data: &Path, key: &str) -> Value {
    let all = done(data, &["license", "list"]);
    all.as_array().unwrap().iter().find(|license| license["license_key"] == key).unwrap().clone()
}

fn keys(data: &Path) -> Vec<String> {
    let all = done(data, &["license", "list"]);
    all.as_array()
        .unwrap()
        .iter()
        .map(|license| license["license_key"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn line_numbers_are_those_of_the_file_whatever_ends_its_lines() {
    let lines = "license_key,product_id\nA,1\n\nthere,1\n\"B\n2\",1\na,1\nC,9\n";
    for content in
        [lines.to_owned(), lines.replace('\n', "\r\n"), format!("\u{feff}{}", lines.replace('\n', "\r\n"))]
    {
        let data = prepared();
        contains(
            &refusal(data.path(), &content, &[]),
            &[
                "4 bad lines and 1 good one; nothing was written",
                "\nline 4: license key there exists already",
                "\nline 5: license_key: it contains a line break",
                "\nline 7: license key a is on line 2 too",
                "\nline 8: there is no product 9",
            ],
        );
        let report = import(data.path(), &content, &["--skip-bad"]);
        let lines: Vec<&Value> =
            report["bad_lines"].as_array().unwrap().iter().map(|bad| &bad["line"]).collect();
        assert_eq!(lines, [4, 5, 7, 8]);
    }
}

#[test]
fn the_delimiter_is_found_by_itself_and_named_when_something_is_wrong() {
    for (delimiter, head, name) in [
        (',', "", "commas"),
        (';', "", "semicolons"),
        ('\t', "", "tabs"),
        (';', "sep=;\r\n", "semicolons"),
        ('|', "sep=|\n", "\"|\""),
    ] {
        let data = prepared();
        let d = delimiter;
        let content = format!("{head}License Key{d}product_id{d}owner_name\r\nA{d}1{d}\"x{d}y\"\r\n");
        assert_eq!(import(data.path(), &content, &[])["delimiter"], delimiter.to_string());
        assert_eq!(license(data.path(), "A")["owner_name"], format!("x{d}y"));
        let said =
            refusal(data.path(), format!("{head}license_key{d}product_id{d}colour\nB{d}1{d}red\n"), &[]);
        contains(
            &said,
            &["unknown column \"colour\"", name, "license_key, product_id, owner_name", "--ignore-unknown"],
        );
        let said = refusal(data.path(), format!("{head}license_key{d}product_id\nB{d}1{d}red\n"), &[]);
        contains(&said, &["3 fields, but the first line has 2", name]);
        let said = refusal(data.path(), format!("{head}license_key{d}validity\nB{d}1\n"), &[]);
        contains(&said, &["no column product_id", name, "--product"]);
    }
}

#[test]
fn what_databases_and_spreadsheets_write_for_nothing_is_nothing() {
    let data = prepared();
    let content = "id,license_key,product_id,owner_name,owner_email,activation_limit,validity,assigned_at,status,\
                   created_at,updated_at,,\r\n\
                   7,A,1,NULL,\\N,NULL,\\N,NULL,NULL,2024-01-01 00:00:00,NULL,,\r\n\
                   8,B,editor,,,,,,,,\r\n\
                   9,C,The Twin\r\n\
                   ,,,,,,,,,,,,,\r\n,,\r\n\r\n";
    assert_eq!(import(data.path(), content, &[])["imported"], 3);
    for (key, product) in [("A", 1), ("B", 1), ("C", 2)] {
        let license = license(data.path(), key);
        let found =
            (&license["product_id"], &license["owner_name"], &license["owner_email"], &license["validity"]);
        assert_eq!(found, (&json!(product), &Value::Null, &Value::Null, &json!(0)), "{key}");
        assert_eq!((&license["status"], &license["assigned_at"]), (&json!("available"), &Value::Null));
    }
}

#[test]
fn all_faults_of_a_line_are_told() {
    let data = prepared();
    let content = "license_key,product_id,owner_name,activation_limit,validity,status,assigned_at,identifiers\n\
                   1.23457E+15,9,,-2,99999999999999,gone,soon,x\n\
                   OK,1,,1,,,,\"[\"\"a\"\",\"\"b\"\"]\"\n";
    contains(
        &refusal(data.path(), content, &[]),
        &[
            "line 2: license_key: \"1.23457E+15\" is how a spreadsheet shows a long number",
            "format the column as text",
            "; activation_limit: \"-2\"",
            "; validity: \"99999999999999\" is not a whole number from 0 to 2147483647",
            "; status: \"gone\" is not one of available,",
            "; assigned_at: \"soon\" is not a time",
            "; identifiers: write a JSON array",
            "; there is no product 9: see \"keyseal product list\"",
            "line 3: identifiers: 2 identifiers would be active, but the activation limit is 1",
        ],
    );
    let many: Vec<String> = (0..250).map(|number| format!("K{number},9")).collect();
    let said = refusal(data.path(), format!("license_key,product_id\n{}\n", many.join("\n")), &[]);
    contains(&said, &["250 bad lines; nothing was written", "\nline 101: ", "\nand 150 more"]);
    assert!(!said.contains("line 102"));
}

#[test]
fn unknown_columns_are_left_out_when_asked() {
    let data = prepared();
    let content = "license_key,product_id,colour,size\nA,1,red,9\n";
    contains(&refusal(data.path(), content, &[]), &["unknown columns \"colour\", \"size\""]);
    assert_eq!(import(data.path(), content, &["--ignore-unknown"])["imported"], 1);
}

#[test]
fn an_end_is_read_and_one_that_contradicts_is_refused() {
    let data = prepared();
    let header = "license_key,product_id,status,validity,assigned_at,expires_at\n";
    let good = "A,1,assigned,,,2027-06-30\nB,1,assigned,30,,2027-06-30 12:00:00\nC,1,blocked,,2027-01-01,2027-01-11\n";
    assert_eq!(import(data.path(), format!("{header}{good}"), &[])["imported"], 3);
    for (key, end) in
        [("A", "2027-06-30 00:00:00"), ("B", "2027-06-30 12:00:00"), ("C", "2027-01-11 00:00:00")]
    {
        assert_eq!(license(data.path(), key)["expires_at"], end);
    }
    for (line, part) in [
        ("D,1,assigned,365,2027-01-01,2027-06-30", "leave one of them out"),
        ("D,1,assigned,0,,2027-06-30", "never expires"),
        ("D,1,,,,2027-06-30", "gets its end when it is assigned"),
        ("D,1,assigned,,2027-07-01,2027-06-30", "is not after assigned_at"),
        ("D,1,assigned,,,soon", "expires_at: \"soon\" is not a time"),
    ] {
        contains(&refusal(data.path(), format!("{header}{line}\n"), &[]), &["line 2: expires_at: ", part]);
    }
}

#[test]
fn a_list_of_keys_is_imported_with_its_product_and_its_limits() {
    let data = prepared();
    for (content, first) in [("K1\nK2\r\n\r\nK3", "K1"), ("License Key\nL1\n", "L1"), ("\u{feff}M1\n", "M1")]
    {
        let options = ["--product", "editor", "--validity", "365", "--activation-limit", "2"];
        import(data.path(), content, &options);
        let license = license(data.path(), first);
        assert_eq!((&license["validity"], &license["activation_limit"]), (&json!(365), &json!(2)));
    }
    assert_eq!(keys(data.path()), ["THERE", "K1", "K2", "K3", "L1", "M1"]);
    contains(&refusal(data.path(), "K1\nK4\n", &[]), &["must name the columns", "list of keys", "--product"]);
    contains(
        &refusal(data.path(), "K4\nK4\nK5;x\n", &["--product", "1"]),
        &["line 2: license key K4 is on line 1 too"],
    );
    contains(&refusal(data.path(), "K4\n", &["--product", "none"]), &["line 1: there is no product none"]);
}

#[test]
fn licenses_that_exist_are_refused_skipped_or_updated() {
    let data = prepared();
    let content = "license_key,product_id,owner_name,activation_limit,identifiers\n\
                   there,2,,5,\"[\"\"pc\"\"]\"\nNEW,1,,,\n";
    contains(
        &refusal(data.path(), content, &[]),
        &["line 2: license key there exists already", "--update", "--skip-existing"],
    );
    let before = license(data.path(), "THERE");
    let report = import(data.path(), content, &["--skip-existing"]);
    assert_eq!(
        (&report["imported"], &report["skipped_existing"], &report["good"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!(license(data.path(), "THERE"), before);
    let report = import(data.path(), content, &["--update"]);
    assert_eq!(
        (&report["imported"], &report["updated"], &report["unchanged"]),
        (&json!(0), &json!(1), &json!(1))
    );
    let after = license(data.path(), "THERE");
    assert_eq!((&after["product_id"], &after["owner_name"]), (&json!(2), &Value::Null));
    assert_eq!(after["activation_limit"], 5);
    let trail = done(data.path(), &["audit", "list", "--license", "THERE"]);
    contains(&trail.to_string(), &["\"changed\"", "owner name Jane -> -"]);
    // A status that takes the owner away ends what the owner had.
    import(data.path(), "license_key,status\nTHERE,assigned\n", &["--update"]);
    import(data.path(), "license_key,identifiers\nTHERE,\"[\"\"pc\"\",\"\"mac\"\"]\"\n", &["--update"]);
    let said = refusal(
        data.path(),
        "license_key,activation_limit,identifiers\nTHERE,2,\"[\"\"tv\"\"]\"\n",
        &["--update"],
    );
    contains(&said, &["3 identifiers would be active, but the activation limit is 2"]);
    import(data.path(), "license_key,status\nTHERE,available\n", &["--update"]);
    contains(&done(data.path(), &["audit", "list", "--license", "THERE"]).to_string(), &["ownership ended"]);
    let exported = keyseal(data.path(), &["license", "export"]).stdout;
    assert!(!String::from_utf8(exported).unwrap().contains("mac"));
    let after = license(data.path(), "THERE");
    // A column that the file lacks, and an empty number, keep what was there.
    import(data.path(), "license_key,activation_limit\nTHERE,\n", &["--update", "--product", "1"]);
    assert_eq!(license(data.path(), "THERE"), after);
    let file = write(data.path(), content);
    let both = program()
        .arg("--data")
        .arg(data.path())
        .args(["license", "import", &file, "--update", "--skip-existing"])
        .output();
    assert_eq!(both.unwrap().status.code(), Some(2));
}

#[test]
fn a_line_of_an_export_that_takes_the_owner_away_leaves_nothing_of_him() {
    let data = prepared();
    done(data.path(), &["license", "assign", "THERE", "--owner-name", "Jane"]);
    done(data.path(), &["license", "activate", "THERE", "--identifier", "pc"]);
    done(data.path(), &["license", "update", "THERE", "--note", "paid cash", "--order-reference", "J-1"]);
    let exported = String::from_utf8(keyseal(data.path(), &["license", "export"]).stdout).unwrap();
    let returned = exported.replace(",assigned,", ",available,");
    assert_ne!(returned, exported);
    import(data.path(), &returned, &["--update"]);
    let shown = done(data.path(), &["license", "show", "THERE"]);
    for (field, value) in
        [("note", json!(null)), ("order_reference", json!(null)), ("activations", json!([]))]
    {
        assert_eq!(shown[field], value, "{field}");
    }
}

#[test]
fn standard_input_is_read_like_a_file_and_other_pipes_are_refused() {
    let data = prepared();
    for (file, key) in [("-", "A"), ("/dev/stdin", "B")] {
        for options in [&["--dry-run"][..], &[]] {
            let mut command = program();
            command.arg("--data").arg(data.path()).args(["license", "import", file]).args(options);
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child
                .stdin
                .take()
                .unwrap()
                .write_all(format!("license_key;product_id\r\n{key};1\r\n").as_bytes())
                .unwrap();
            assert!(child.wait_with_output().unwrap().status.success());
        }
    }
    assert_eq!(keys(data.path()), ["THERE", "A", "B"]);
    let output =
        program().arg("--data").arg(data.path()).args(["license", "import", "/dev/null"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    contains(&error, &["can't read /dev/null: it is a device, and must be a regular file"]);
}

#[test]
fn what_is_no_csv_is_named() {
    let data = prepared();
    for (content, parts) in [
        (&b""[..], &["import.csv: it is empty"][..]),
        (b"PK\x03\x04xl/worksheets", &["import.csv is a spreadsheet", "CSV UTF-8"]),
        (b"\xff\xfel\0i\0", &["import.csv is not UTF-8", "CSV UTF-8"]),
        (b"license_key,product_id\nM\xfcller,1\n", &["line 2: not UTF-8"]),
    ] {
        contains(&refusal(data.path(), content, &[]), parts);
    }
}

#[test]
fn an_export_is_imported_again_also_one_for_spreadsheets() {
    let data = prepared();
    let content = "license_key,product_id,owner_name,owner_email,status,validity\n\
                   =1+1,1,\"=HYPERLINK(\"\"http://evil.example\"\")\",@jo@example.com,assigned,30\n\
                   -X,2,+49 30 1,,available,\n\
                   PLAIN,1,O'Neil,,reserved,\n";
    import(data.path(), content, &[]);
    let export = |data: &Path, options: &[&str]| {
        let file = data.join("export.csv");
        let report = done(data, &[&["license", "export", file.to_str().unwrap()], options].concat());
        (report, fs::read_to_string(file).unwrap())
    };
    let (report, raw) = export(data.path(), &[]);
    assert_eq!(report["escaped"], 0);
    contains(&raw, &["\n=1+1,1,\"=HYPERLINK(\"\"http", "\n-X,2,+49 30 1,"]);
    let (report, escaped) = export(data.path(), &["--for-excel"]);
    assert_eq!(report["escaped"], 5);
    assert!(escaped.starts_with("\u{feff}license_key,"));
    contains(
        &escaped,
        &["\r\n'=1+1,1,\"'=HYPERLINK(", "'@jo@example.com", "\r\n'-X,2,'+49 30 1,", "\r\nPLAIN,1,O'Neil,"],
    );
    for file in [&raw, &escaped] {
        let fresh = prepared();
        done(fresh.path(), &["license", "delete", "THERE"]);
        assert_eq!(import(fresh.path(), file, &[])["imported"], 4);
        assert_eq!(export(fresh.path(), &[]).1, raw);
        assert_eq!(import(fresh.path(), file, &["--skip-existing"])["skipped_existing"], 4);
        assert_eq!(import(fresh.path(), file, &["--update"])["unchanged"], 4);
        assert_eq!(export(fresh.path(), &[]).1, raw);
    }
}
