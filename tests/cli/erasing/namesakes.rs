//! Other customers whose name or address is like the erased one.

use std::fs;

use serde_json::{Value, json};

use super::{NAME, erase, execute, world};
use crate::support::{contains, done, refused};

#[test]
fn rows_of_others_with_the_same_name_make_nobody_rewrite_the_file() {
    let data = world();
    let data = data.path();
    for (key, name, email) in
        [("A", NAME, "other@x.example"), ("B", "Jane Q. Roebuck", "ajane.roe@mail.example")]
    {
        let create = ["license", "create", "--product", "1", "--key", key, "--owner-name", name];
        done(data, &[&create[..], &["--owner-email", email]].concat());
    }
    let before = fs::read(data.join("keyseal.db")).unwrap();
    let said = refused(data, &["customer", "erase", "--email", "ane.roe@mail.example", "--yes"]);
    contains(&said, &["not found"]);
    assert!(fs::read(data.join("keyseal.db")).unwrap() == before, "the file changed");
    let erased = erase(data, &[]);
    assert_eq!((&erased["file_rewritten"], &erased["licenses"]), (&json!(false), &json!(1)));
    let licenses = done(data, &["license", "list"]);
    let names: Vec<&Value> =
        licenses.as_array().unwrap().iter().map(|license| &license["owner_name"]).collect();
    assert_eq!(names, [&Value::Null, &json!("Mary"), &json!(NAME), &json!("Jane Q. Roebuck")]);
}

#[test]
fn what_is_about_others_with_a_name_like_his_stays() {
    for (name, longer) in [("Max", "Max Planck"), ("User N77", "User N770"), ("Max Planck", "Max Planck Jr")]
    {
        let data = world();
        let data = data.path();
        for (key, name, email) in [
            ("HIS", name, "him@x.example"),
            ("SOLD", name, "him@x.example"),
            ("NOT", longer, "other@x.example"),
        ] {
            let create = ["license", "create", "--product", "1", "--key", key, "--owner-name", name];
            done(data, &[&create[..], &["--owner-email", email]].concat());
        }
        done(
            data,
            &["license", "update", "SOLD", "--owner-name", longer, "--owner-email", "other@x.example"],
        );
        done(data, &["license", "activate", "HIS", "--identifier", &format!("{name}-pc")]);
        execute(
            data,
            &format!(
                "INSERT INTO audit (at, who, action, change, subject, subject_id, license_key, detail)
                 VALUES (1, 'command_line', 'x', 'changed', 'license', 4, 'SOLD', '{longer} called'),
                        (1, 'command_line', 'x', 'changed', 'license', 4, 'SOLD', '{name} called'),
                        (1, 'command_line', 'x', 'changed', 'license', 5, 'NOT', '{longer} called'),
                        (1, 'command_line', 'x', 'changed', 'license', 99, 'GONE', 'for {longer}');
                 UPDATE licenses SET note = '{longer} called' WHERE license_key = 'NOT';
                 INSERT INTO license_meta (license_id, key, value, created_at, updated_at)
                 VALUES (5, 'contact', '{longer}', 0, 0);
                 INSERT INTO telemetry (user_identifier, license_key, activation_identifier, product_id,
                        product_version, data_type, data_group, data, extra, is_correct_format, license_key_exists,
                        product_exists, product_version_exists, has_red_flags, created_at)
                 VALUES ('{longer}', 'NOT', '', 1, '1', 'text', 'g', '', '{{}}', 1, 1, 1, 1, 0, 0);"
            ),
        );
        let erased =
            done(data, &["customer", "erase", "--email", "him@x.example", "--yes", "--drop-webhooks"]);
        assert_eq!((&erased["licenses"], &erased["seats_ended"]), (&json!(1), &json!(1)), "{name}: {erased}");
        assert_eq!(
            (&erased["rows"]["license_meta"], &erased["rows"]["telemetry"]),
            (&Value::Null, &Value::Null)
        );
        let details = |key: &str| -> Vec<String> {
            let trail = done(data, &["audit", "list", "--license", key]);
            let details = trail.as_array().unwrap().iter().filter_map(|entry| entry["detail"].as_str());
            details
                .filter(|detail| detail.contains("called") || *detail == "[erased]")
                .map(str::to_owned)
                .collect()
        };
        let called = format!("{longer} called");
        assert_eq!(details("NOT"), [&*called], "{name}");
        let of_sold = details("SOLD");
        assert!(of_sold.contains(&called) && !of_sold.contains(&format!("{name} called")), "{of_sold:?}");
        assert_eq!(
            done(data, &["audit", "list", "--license", "GONE"])[0]["detail"],
            json!(format!("for {longer}"))
        );
        let license = done(data, &["license", "show", "NOT"]);
        assert_eq!((&license["note"], &license["owner_name"]), (&json!(called), &json!(longer)));
    }
}
