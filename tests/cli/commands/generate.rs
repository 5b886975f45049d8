//! `license generate`: keys in numbers, by a generator or a pattern.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{contains, done, initialized, keyseal, refused};

#[test]
fn keys_are_made_by_the_products_generator_another_a_pattern_or_as_uuids() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["product", "create", "--name", "Other"]);
    let generate = |words: &[&str]| {
        let made = done(data, &[&["license", "generate", "--product", "P", "--count", "3"], words].concat());
        let made = made.as_array().unwrap().clone();
        assert_eq!(made.len(), 3);
        made
    };
    let key = |words: &[&str]| generate(words)[0]["license_key"].as_str().unwrap().to_owned();
    assert_eq!(key(&[]).len(), 36);
    let create = ["generator", "create", "--product", "P", "--method", "chunk-system", "--validity", "30"];
    done(data, &[&create[..], &["--prefix", "ONE-"]].concat());
    done(data, &[&create[..], &["--prefix", "TWO-", "--activation-limit", "5"]].concat());
    done(data, &["generator", "create", "--product", "Other", "--method", "uuid"]);
    done(data, &["generator", "create", "--product", "P", "--method", "uuid", "--inactive"]);
    let made = generate(&[]);
    assert!(made[0]["license_key"].as_str().unwrap().starts_with("ONE-"));
    let terms = [("status", json!("available")), ("validity", json!(30)), ("activation_limit", json!(0))];
    for (field, value) in &terms {
        assert_eq!(&made[2][field], value);
    }
    let second = generate(&["--generator", "2", "--validity", "9"]);
    assert!(second[0]["license_key"].as_str().unwrap().starts_with("TWO-"));
    assert_eq!((&second[0]["validity"], &second[0]["activation_limit"]), (&json!(9), &json!(5)));
    assert_eq!(key(&["--method", "uuid"]).len(), 36);
    let pattern = key(&["--template", "X{rand:20}Y", "--charset", "ab01"]);
    assert!(pattern.len() == 22 && pattern[1..21].chars().all(|c| "ab01".contains(c)), "{pattern}");
    assert_eq!(key(&["--number-of-chunks", "3", "--chunk-length", "5"]).len(), 17);
    let other = ["license", "generate", "--product", "P", "--count", "1"];
    for (options, parts) in [
        (["--generator", "3"], &["generator 3 is of product 2", "generator list"][..]),
        (["--generator", "4"], &["generator 4 is disabled", "generator update 4 --active"]),
        (["--generator", "9"], &["no generator 9", "generator list"]),
        (["--template", "{rand:2}"], &["less than 32 random bits"]),
    ] {
        contains(&refused(data, &[&other[..], &options[..]].concat()), parts);
    }
    for usage in [&["--count", "0"][..], &["--count", "1001"], &["--count", "1", "--csv", "--json"]] {
        let output = keyseal(data, &[&["license", "generate", "--product", "P"], usage].concat());
        assert_eq!(output.status.code(), Some(2), "{usage:?}");
    }
}

#[test]
fn generated_keys_are_printed_one_on_each_line_or_as_csv_that_an_import_takes() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    let words = ["license", "generate", "--product", "1", "--count", "1000"];
    let output = keyseal(data, &words);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().collect::<BTreeSet<_>>().len(), 1000);
    contains(&String::from_utf8(output.stderr).unwrap(), &["1000 license keys of product 1 made"]);
    let csv = keyseal(data, &["license", "generate", "--product", "1", "--count", "2", "--csv"]).stdout;
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.starts_with("license_key,product_id,owner_name,") && csv.lines().count() == 3, "{csv}");
    let file = data.join("two.csv");
    std::fs::write(&file, &csv).unwrap();
    let imported = done(data, &["license", "import", file.to_str().unwrap(), "--skip-existing"]);
    assert_eq!(imported["skipped_existing"], json!(2), "{imported}");
    // Each key has its entry, and all were made by this command.
    let entries = done(data, &["audit", "list", "--limit", "2000"]);
    let made = entries.as_array().unwrap().iter().filter(|entry| entry["action"] == "license generate");
    assert_eq!(made.count(), 1002);
}
