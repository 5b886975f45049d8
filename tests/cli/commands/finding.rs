//! Finding licenses: keys that were mistyped, lists and searches.

use crate::support::{contains, done, initialized, refused};

#[test]
fn every_command_names_the_keys_that_are_like_an_unknown_one() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    for key in ["3A34-38FE-4B6E", "9C11-38FE-4B6E", "ZZZZ-0000-AAAA"] {
        done(data, &["license", "create", "--product", "1", "--key", key]);
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
