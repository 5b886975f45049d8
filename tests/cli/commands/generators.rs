//! Commands on generators.

use serde_json::json;

use crate::support::{contains, done, initialized, keyseal, refused};

#[test]
fn a_generator_is_made_changed_switched_and_deleted() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["generator", "create", "--product", "1", "--method", "uuid", "--inactive"]);
    let words =
        ["--method", "custom", "--template", "{rand:9}", "--suffix", "/S", "--charset", "abcdefghijklmnop"];
    let changed = done(data, &[&["generator", "update", "1", "--validity", "30"], &words[..]].concat());
    for (name, value) in [
        ("method", json!("custom")),
        ("template", json!("{rand:9}")),
        ("suffix", json!("/S")),
        ("charset", json!("abcdefghijklmnop")),
        ("validity", json!(30)),
        ("active", json!(false)),
    ] {
        assert_eq!(changed[name], value);
    }
    let again = done(data, &["generator", "update", "1", "--active", "--activation-limit", "2"]);
    assert_eq!(
        (&again["active"], &again["activation_limit"], &again["validity"], &again["template"]),
        (&json!(true), &json!(2), &json!(30), &json!("{rand:9}"))
    );
    assert_eq!(done(data, &["generator", "update", "1", "--inactive"])["active"], false);
    assert_eq!(done(data, &["generator", "list", "--product", "2"]), json!([]));
    let create = ["generator", "create", "--product", "1", "--method", "custom"];
    for (arguments, parts) in [
        (&create[..], &["these options can't be used for a generator", "less than 32 random bits"][..]),
        (&["generator", "update", "1", "--charset", "aa"], &["contains 'a' twice"]),
        (&["generator", "update", "9"], &["no generator 9", "generator list"]),
        (&["generator", "create", "--product", "9", "--method", "uuid"], &["no product 9", "product list"]),
    ] {
        contains(&refused(data, arguments), parts);
    }
    assert_eq!(done(data, &["generator", "delete", "1"]), json!({ "id": 1, "deleted": true }));
    contains(&refused(data, &["generator", "delete", "1"]), &["no generator 1"]);
    for usage in [&["--method", "random"][..], &["--method", "uuid", "--validity", "2147483648"]] {
        let output = keyseal(data, &[&["generator", "create", "--product", "1"], usage].concat());
        assert_eq!(output.status.code(), Some(2));
    }
}
