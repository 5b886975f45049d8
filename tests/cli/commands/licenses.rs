//! Commands on licenses.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{contains, create_license, done, initialized, keyseal, program, refused};

#[test]
fn a_license_that_its_users_cannot_use_yet_may_be_activated_with_a_note() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    create_license(data.path(), "K", &["--status", "blocked"]);
    let output = keyseal(data.path(), &["license", "activate", "K", "--identifier", "b"]);
    assert!(output.status.success());
    contains(&String::from_utf8(output.stderr).unwrap(), &["204 \"License key blocked\""]);
}

#[test]
fn a_wrong_identifier_to_deactivate_fails_and_names_the_right_ones() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "K", &[]);
    let wrong = || refused(data, &["license", "deactivate", "K", "--identifier", "j"]);
    contains(&wrong(), &["license key K is not active on j: it is active nowhere"]);
    for identifier in ["I", "Other"] {
        done(data, &["license", "activate", "K", "--identifier", identifier]);
    }
    contains(&wrong(), &["license key K is not active on j: it is active on I, Other"]);
    for number in 0..10 {
        done(data, &["license", "activate", "K", "--identifier", &format!("n{number}")]);
    }
    contains(&wrong(), &["it is active on 12 identifiers, among them I, Other, n0"]);
}

#[test]
fn a_seat_that_is_not_there_cannot_be_released() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "K", &[]);
    for options in [&["--all"][..], &["--oldest"]] {
        let refusal = refused(data, &[&["license", "release", "K"], options].concat());
        contains(&refusal, &["license key K is active nowhere"]);
    }
    done(data, &["license", "activate", "K", "--identifier", "I"]);
    let release = |options: &[&str]| keyseal(data, &[&["license", "release", "K"], options].concat());
    contains(
        &refused(data, &["license", "release", "K", "--identifier", "j"]),
        &["license key K is not active on j: it is active on I"],
    );
    for usage in [&[][..], &["--all", "--oldest"], &["--identifier", "I", "--all"]] {
        assert_eq!(release(usage).status.code(), Some(2), "{usage:?}");
    }
    let released = release(&["--identifier", "i"]);
    contains(
        &String::from_utf8(released.stdout).unwrap(),
        &["license key K is no longer active on I; it is active nowhere now"],
    );
}

#[test]
fn a_license_is_changed_taken_off_and_deleted() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "K", &["--owner-name", "N"]);
    let update = |options: &[&str]| done(data, &[&["license", "update", "k"], options].concat());
    // An owner who is named by e-mail alone doesn't inherit the name that the license had before.
    let license = update(&["--status", "assigned", "--activation-limit", "2", "--owner-email", " e@x "]);
    assert!(license["assigned_at"].is_string());
    for (name, value) in [
        ("status", json!("assigned")),
        ("activation_limit", json!(2)),
        ("validity", json!(0)),
        ("owner_name", Value::Null),
        ("owner_email", json!("e@x")),
    ] {
        assert_eq!(license[name], value);
    }
    assert_eq!(update(&["--owner-name", "N"])["owner_name"], json!("N"));
    let license = update(&["--owner-name", "", "--validity", "30"]);
    assert_eq!((&license["owner_name"], &license["validity"]), (&Value::Null, &json!(30)));

    done(data, &["license", "activate", "K", "--identifier", "I"]);
    assert_eq!(
        done(data, &["license", "deactivate", "K", "--identifier", "i"]),
        json!({ "id": 1, "license_key": "K", "identifier": "i", "was_active": true })
    );
    assert_eq!(
        done(data, &["license", "delete", "k"]),
        json!({ "id": 1, "license_key": "K", "deleted": true })
    );
    for words in
        [&["update", "K", "--validity", "1"][..], &["delete", "K"], &["deactivate", "K", "--identifier", "i"]]
    {
        contains(
            &refused(data, &[&["license"], words].concat()),
            &["license key \"K\" not found", "license list"],
        );
    }
    for usage in
        [&[][..], &["--activation-limit", "-2"], &["--validity", "2147483648"], &["--status", "sold"]]
    {
        let output = keyseal(data, &[&["license", "update", "K"], usage].concat());
        assert_eq!(output.status.code(), Some(2), "{usage:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "plays another program that wants to write")]
fn an_import_that_is_killed_leaves_all_or_nothing() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let file = data.path().join("many.csv");
    // Spread over the whole index, as real license keys are.
    let key = |n: u64| format!("{:x}-{n},1", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let lines: Vec<String> = (0..30_000).map(key).collect();
    fs::write(&file, format!("license_key,product_id\n{}\n", lines.join("\n"))).unwrap();
    let mut command = program();
    command.arg("--data").arg(data.path()).args(["license", "import"]).arg(&file).stdout(Stdio::null());
    let mut import = command.spawn().unwrap();
    // Nobody else can begin to write while its one transaction is open: that is half-way.
    let other = rusqlite::Connection::open(data.path().join("keyseal.db")).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    while other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() && import.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    import.kill().unwrap();
    drop(other);
    import.wait().unwrap();
    let left = done(data.path(), &["license", "list"]).as_array().unwrap().len();
    assert!([0, 30_000].contains(&left), "{left}");
}

#[test]
fn a_license_that_is_not_assigned_says_when_it_will_expire() {
    let data = initialized();
    let text = |arguments: &[&str]| {
        let output = keyseal(data.path(), arguments);
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    done(data.path(), &["product", "create", "--name", "P"]);
    let create = ["license", "create", "--product", "1", "--key", "K"];
    contains(
        &text(&[&create[..], &["--validity", "365"]].concat()),
        &["expires 365 days after its assignment"],
    );
    contains(&text(&["license", "list"]), &["365 days from assignment"]);
    contains(&text(&["license", "update", "K", "--validity", "0"]), &["no expiry"]);
    contains(&text(&["license", "list"]), &["never"]);
}

#[test]
fn an_identifier_of_a_client_makes_no_second_line() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    create_license(data, "K", &[]);
    let (hostile, shown) = ("a\nkeyseal: all is well\u{1b}[A", "a\\nkeyseal: all is well\\u{1b}[a");
    for (command, text) in [
        (&["activate", "K", "--identifier", hostile][..], "license key K is active on "),
        (&["deactivate", "K", "--identifier", hostile], "license key K is no longer active on "),
        (&["activate", "K", "--identifier", hostile], "license key K is active on "),
        (&["release", "K", "--all"], "license key K is no longer active on "),
    ] {
        let output = keyseal(data, &[&["license"], command].concat());
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.lines().count(), 1, "{command:?}: {printed}");
        contains(&printed.to_lowercase(), &[&text.to_lowercase(), shown]);
    }
    done(data, &["license", "activate", "K", "--identifier", hostile]);
    let refusal = refused(data, &["license", "release", "K", "--identifier", hostile.trim_end_matches('A')]);
    assert_eq!(refusal.lines().count(), 1, "{refusal}");
}

#[test]
fn a_renewal_until_a_day_before_the_expiry_says_that_the_license_expires_earlier() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    let options = ["--status", "assigned", "--validity", "36500", "--assigned-at", "2020-01-01 12:00:00"];
    create_license(data, "K", &options);
    let renewed = |until: &str| {
        let output = keyseal(data, &["license", "renew", "K", "--until", until]);
        String::from_utf8(output.stdout).unwrap()
    };
    contains(
        &renewed("2090-01-01"),
        &["license key K expires earlier now", "new expiry 2090-01-02 12:00:00"],
    );
    contains(&renewed("2091-01-01"), &["license key K is renewed", "new expiry 2091-01-02 12:00:00"]);
}
