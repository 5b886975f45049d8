//! Finding licenses: keys that were mistyped, lists and searches.

use serde_json::{Value, json};

use crate::support::{contains, create_license, done, initialized, keyseal, refused};

#[test]
fn every_command_names_the_keys_that_are_like_an_unknown_one() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    for key in ["3A34-38FE-4B6E", "9C11-38FE-4B6E", "ZZZZ-0000-AAAA"] {
        create_license(data, key, &[]);
    }
    for words in [
        &["assign", "3a34-38fe-4b6f", "--owner-email", "e@x"][..],
        &["activate", "3a34-38fe-4b6f", "--identifier", "i"],
        &["deactivate", "3a34-38fe-4b6f", "--identifier", "i"],
        &["update", "3a34-38fe-4b6f", "--validity", "1"],
        &["delete", "3a34-38fe-4b6f"],
    ] {
        let error = refused(data, &[&["license"], words].concat());
        contains(&error, &["license key \"3a34-38fe-4b6f\" not found", "\"3A34-38FE-4B6E\""]);
        assert!(!error.contains("ZZZZ"), "{error}");
    }
    // A typo at the beginning, a swap, a missing and an additional character, a cut key, and one from a web page.
    for (typed, meant) in [
        ("8C11-38FE-4B6E", "9C11-38FE-4B6E"),
        ("ZZZZ-0000-AAAAA", "ZZZZ-0000-AAAA"),
        ("ZZZZ-000-AAAA", "ZZZZ-0000-AAAA"),
        ("9C1138-FE-4B6E", "9C11-38FE-4B6E"),
        ("9c11-", "9C11-38FE-4B6E"),
        ("9C11\u{2013}38FE\u{2013}4B6", "9C11-38FE-4B6E"),
    ] {
        contains(&refused(data, &["license", "delete", typed]), &[&format!("\"{meant}\"")]);
    }
    let error = refused(data, &["license", "delete", "quite-another"]);
    contains(&error, &["license key \"quite-another\" not found", "license list"]);
    assert!(!error.contains("did you mean"), "{error}");
}

/// A license of Jane on two seats, one of Zoë that is expired, an unused one, a blocked one, and an available one.
fn world() -> tempfile::TempDir {
    let data = initialized();
    let path = data.path();
    done(path, &["product", "create", "--name", "Editor"]);
    done(path, &["product", "create", "--name", "Viewer", "--slug", "viewer"]);
    create_license(
        path,
        "AAAA-1111",
        &["--status", "assigned", "--activation-limit", "2", "--validity", "3650"],
    );
    done(
        path,
        &["license", "update", "AAAA-1111", "--owner-name", "Jane", "--owner-email", "Jane@Example.com"],
    );
    for identifier in ["shop.example", "PC-77"] {
        done(path, &["license", "activate", "AAAA-1111", "--identifier", identifier]);
    }
    let old =
        ["--status", "assigned", "--validity", "30", "--assigned-at", "2024-01-31", "--owner-name", "ZOË"];
    create_license(path, "BBBB-2222", &old);
    create_license(path, "CCCC-3333", &["--status", "assigned"]);
    create_license(path, "DDDD-4444", &["--status", "blocked"]);
    done(path, &["license", "create", "--product", "viewer", "--key", "EEEE-5555"]);
    data
}

fn ids(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|license| license["id"].as_i64().unwrap()).collect()
}

#[test]
fn a_list_is_filtered_by_each_option_and_by_several() {
    let data = world();
    let list = |options: &[&str]| ids(&done(data.path(), &[&["license", "list"], options].concat()));
    for (options, found) in [
        (&[][..], &[1, 2, 3, 4, 5][..]),
        (&["--product", "viewer"], &[5]),
        (&["--product", "Editor", "--status", "assigned"], &[1, 2, 3]),
        (&["--state", "active"], &[1, 3]),
        (&["--state", "expired"], &[2]),
        (&["--state", "full"], &[1]),
        (&["--state", "not-activated"], &[2, 3]),
        (&["--state", "not-activated", "--product", "1", "--owner-name", "zoë"], &[2]),
        (&["--expiring", "30"], &[]),
        (&["--expiring", "3650"], &[1]),
        (&["--owner-email", "JANE@example.com"], &[1]),
        (&["--assigned-since", "2024-01-01", "--assigned-until", "2024-02-01"], &[2]),
        (&["--assigned-until", "2024-01-31"], &[]),
        (&["--created-since", "2024-01-01"], &[1, 2, 3, 4, 5]),
        (&["--created-until", "2024-01-01"], &[]),
        (&["--limit", "2"], &[1, 2]),
        (&["--limit", "2", "--after", "2"], &[3, 4]),
        (&["--limit", "2", "--after", "4"], &[5]),
        (&["--after", "5"], &[]),
    ] {
        assert_eq!(list(options), found, "{options:?}");
    }
    for usage in [["--state", "good"], ["--expiring", "0"], ["--limit", "0"], ["--created-since", "soon"]] {
        let output = keyseal(data.path(), &[&["license", "list"], &usage[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{usage:?}");
    }
}

#[test]
fn a_page_says_how_to_go_on_and_an_empty_list_that_it_is_empty() {
    let data = world();
    let list = |options: &[&str]| {
        let output = keyseal(data.path(), &[&["license", "list"], options].concat());
        assert!(output.status.success());
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (page, note) = list(&["--limit", "2"]);
    assert_eq!(page.lines().count(), 3);
    contains(&note, &["there are more", "--after 2"]);
    // A license that is deleted meanwhile moves none from one page to another.
    done(data.path(), &["license", "delete", "BBBB-2222"]);
    let (page, note) = list(&["--limit", "2", "--after", "2"]);
    contains(&page, &["CCCC-3333", "DDDD-4444"]);
    contains(&note, &["--after 4"]);
    let (page, note) = list(&["--limit", "2", "--after", "4"]);
    assert!(page.contains("EEEE-5555") && note.is_empty(), "{page}{note}");
    let (page, note) = list(&["--state", "full", "--product", "viewer"]);
    assert!(page.is_empty(), "{page}");
    contains(&note, &["no license matches"]);
}

#[test]
fn a_search_finds_a_license_by_each_of_its_fields_and_says_which() {
    let data = world();
    let search = |text: &str| done(data.path(), &["license", "search", text]);
    for (text, id, field, shown) in [
        ("aaaa", 1, "license_key", "AAAA-1111"),
        ("AAAA\u{2013}11", 1, "license_key", "AAAA-1111"),
        ("jane@", 1, "owner_email", "Jane@Example.com"),
        ("zoë", 2, "owner_name", "ZOË"),
        ("ZOE\u{308}", 2, "owner_name", "ZOË"),
        ("pc-7", 1, "identifier", "PC-77"),
        // None of them begins with these.
        ("3333", 3, "license_key", "CCCC-3333"),
        ("EXAMPLE.com", 1, "owner_email", "Jane@Example.com"),
        ("oë", 2, "owner_name", "ZOË"),
        ("p.exam", 1, "identifier", "shop.example"),
    ] {
        let found = search(text);
        assert_eq!(ids(&found["licenses"]), [id], "{text}");
        assert_eq!(found["licenses"][0]["matches"], json!([{ "field": field, "text": shown }]), "{text}");
        assert_eq!((&found["has_more"], &found["stopped_after"]), (&json!(false), &Value::Null));
    }
    let everywhere = done(data.path(), &["license", "search", "a", "--anywhere"]);
    assert_eq!(ids(&everywhere["licenses"]), [1]);
    assert_eq!(everywhere["licenses"][0]["matches"].as_array().unwrap().len(), 4);
    let two = done(data.path(), &["license", "search", "-", "--limit", "2"]);
    assert_eq!((two["licenses"].as_array().unwrap().len(), &two["has_more"]), (2, &json!(true)));
    done(data.path(), &["api-key", "create", "--name", "Front Desk", "--capability", "verify"]);
    let keys = search("desk")["api_keys"].clone();
    assert_eq!(keys, json!([{ "id": 2, "name": "Front Desk", "active": true }]));
    assert_eq!(search("nothing of this kind")["licenses"], json!([]));
    for text in ["%", "_", "' OR 1=1 --", "\u{10ffff}", "\u{0}x"] {
        if !text.contains('\0') {
            assert_eq!(search(text)["licenses"], json!([]), "{text:?}");
        }
    }
    contains(&refused(data.path(), &["license", "search", "  "]), &["blank"]);
    let long = "x".repeat(256);
    contains(&refused(data.path(), &["license", "search", &long]), &["longer than 255 bytes", "give a part"]);
    assert_eq!(keyseal(data.path(), &["license", "search", ""]).status.code(), Some(2));
    let output = keyseal(data.path(), &["license", "search", "jane"]);
    contains(&String::from_utf8(output.stdout).unwrap(), &["FOUND IN", "email Jane@Example.com, name Jane"]);
    let output = keyseal(data.path(), &["license", "search", "nothing of this kind"]);
    assert!(output.status.success() && output.stdout.is_empty());
    contains(&String::from_utf8(output.stderr).unwrap(), &["no license has \"nothing of this kind\""]);
}

#[test]
fn a_license_is_shown_with_its_seats_and_what_happened_to_it() {
    let data = world();
    let data = data.path();
    let text = |arguments: &[&str]| {
        let output = keyseal(data, arguments);
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = text(&["license", "show", "aaaa-1111"]);
    contains(
        &shown,
        &[
            "AAAA-1111 (id 1)",
            "1 \"Editor\"",
            "expires in 36",
            " days, on 20",
            "Jane <Jane@Example.com>",
            "2 of 2 taken, full",
            "shop.example, activated ",
            "newest first",
            "license activate",
            "activated: PC-77",
        ],
    );
    contains(
        &text(&["license", "show", "BBBB-2222"]),
        &["assigned, but expired", "expired ", " days ago, on 2024-03-01"],
    );
    contains(&text(&["license", "show", "EEEE-5555"]), &["available, assigned to nobody", "never expires"]);
    let value = done(data, &["license", "show", "AAAA-1111", "--timeline", "2"]);
    assert_eq!(value["activations"][1]["identifier"], "PC-77");
    assert_eq!(value["status_in_words"], "assigned");
    let timeline = value["timeline"].as_array().unwrap();
    assert_eq!((&timeline[0]["change"], &timeline[0]["detail"]), (&json!("activated"), &json!("PC-77")));
    // Pages by time, one after another, are the whole timeline. A page holds all of its last second.
    let whole = done(data, &["license", "show", "AAAA-1111"])["timeline"].clone();
    let mut pages = Vec::new();
    let mut before = "9999-01-01".to_owned();
    loop {
        let page = done(data, &["license", "show", "AAAA-1111", "--timeline", "1", "--before", &before]);
        pages.extend(page["timeline"].as_array().unwrap().clone());
        match page["earlier_than"].as_str() {
            Some(earlier) => earlier.clone_into(&mut before),
            None => break,
        }
    }
    assert_eq!(json!(pages), whole);
    assert_eq!(whole.as_array().unwrap().len(), 4);
    // The license of a deleted product, and texts with line breaks.
    done(data, &["product", "delete", "viewer"]);
    done(data, &["license", "update", "EEEE-5555", "--owner-name", "A\nseats  99"]);
    let shown = text(&["license", "show", "EEEE-5555"]);
    contains(&shown, &["2, which was deleted: customers are refused", "A\\nseats"]);
    contains(&refused(data, &["license", "show", "AAAA-1112"]), &["not found", "AAAA-1111"]);
}
