//! What deleted and moved rows leave in the database file and its copies.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{EMAIL, erase, execute, found_in, world};
use crate::support::{contains, done, refused};

#[test]
fn remains_in_an_older_file_and_copies_from_before_upgrades_are_erased_too() {
    let data = world();
    let data = data.path();
    let row = |number: u32| format!("('KEY-{number}', 'Jane.Roe@mail.example', 'Jane Q. Roe')");
    let many = (0..500).map(row).collect::<Vec<_>>().join(", ");
    let values = "activation_limit, validity, status, created_at, updated_at, product_id)
                  SELECT column1, column2, column3, 0, 0, 'available', 0, 0, 1 FROM";
    execute(
        data,
        &format!(
            "PRAGMA secure_delete = OFF; DELETE FROM rewritten;
             INSERT INTO licenses (license_key, owner_email, owner_name, {values} (VALUES {many});
             DELETE FROM licenses WHERE owner_email = 'Jane.Roe@mail.example' AND license_key <> 'JANES';"
        ),
    );
    for copy in ["before-upgrade-2.db", "before-upgrade-3.db", "before-upgrade-3.unfinished"] {
        fs::copy(data.join("keyseal.db"), data.join(copy)).unwrap();
    }
    let erased = erase(data, &[]);
    assert_eq!((&erased["file_rewritten"], &erased["licenses"]), (&json!(true), &json!(1)));
    assert_eq!(erased["upgrade_copies_deleted"].as_array().unwrap().len(), 3);
    assert_eq!(found_in(data), Vec::<String>::new());
    assert_eq!(erase_nothing(data), "");
}

#[test]
fn the_samples_of_analyze_are_erased_too() {
    let data = world();
    let data = data.path();
    execute(data, "ANALYZE");
    assert_eq!(erase(data, &[])["file_rewritten"], json!(true));
    assert_eq!(found_in(data), Vec::<String>::new());
}

/// What erasing an unknown customer changes in a file that was rewritten: nothing.
fn erase_nothing(data: &Path) -> &'static str {
    let before = fs::read(data.join("keyseal.db")).unwrap();
    let said = refused(data, &["customer", "erase", "--email", "nobody@x.example", "--yes"]);
    contains(&said, &["customer \"nobody@x.example\" not found"]);
    if fs::read(data.join("keyseal.db")).unwrap() == before { "" } else { "the file changed" }
}

#[test]
fn rows_that_moved_between_pages_leave_nothing() {
    let data = world();
    let data = data.path();
    // Keys in no order, so that each new row goes between others.
    let key = |number: u64| format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let owner = |number: u64| {
        if number.is_multiple_of(3) {
            "jane.roe@mail.example".to_owned()
        } else {
            format!("u{number}@x.example")
        }
    };
    let lines: Vec<String> =
        (1..3_000).map(|number| format!("{},1,assigned,{}", key(number), owner(number))).collect();
    let csv = tempfile::tempdir().unwrap();
    let csv = csv.path().join("many.csv");
    fs::write(&csv, format!("license_key,product_id,status,owner_email\n{}\n", lines.join("\n"))).unwrap();
    done(data, &["license", "import", csv.to_str().unwrap()]);
    for name in ["Jane Q. Roe", "Jane Q. Roe, who has a long name, so that rows move"] {
        done(data, &["customer", "rename", EMAIL, "--name", name]);
    }
    assert_eq!(erase(data, &[])["licenses"], 1_000);
    assert_eq!(found_in(data), Vec::<String>::new());
}
