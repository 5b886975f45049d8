//! What is remembered about requests: refusals, the number of answers, and when activations were last seen.

use std::time::{Duration, Instant};

use keyseal::Retention;
use serde_json::json;

use crate::support::{License, TestServer, database, execute};

/// The rows that a query returns, each as text with a space between its columns. The server has stopped, so that
/// everything is written.
fn rows(server: &TestServer, sql: &str) -> Vec<String> {
    let database = database(server);
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let read = statement.query_map([], |row| {
        let cells = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            rusqlite::types::ValueRef::Null => "-".to_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => format!("'{}'", other.as_str().unwrap()),
        });
        Ok(cells.collect::<Vec<_>>().join(" "))
    });
    read.unwrap().map(Result::unwrap).collect()
}

const REFUSALS: &str = "SELECT code, endpoint, identifier, address, key_start, license_id, api_key_id, count
                        FROM refusals";

/// The journal holds exactly these refusals, in any order: those of one second are written in no particular one.
fn assert_refusals(server: &TestServer, expected: &[&str]) {
    let (mut found, mut expected) = (rows(server, REFUSALS), expected.to_vec());
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn verify(server: &TestServer, fields: &[(&str, &str)]) -> i64 {
    server.post("verify", fields).code
}

#[test]
fn each_refusal_of_the_license_gate_is_remembered_with_its_license() {
    let mut server = TestServer::start();
    server.add_license(&License { activation_limit: 1, identifiers: &["one.ltd"], ..License::default() });
    server.add_license(&License {
        key: "FREE-KEY-1",
        status: "available",
        identifiers: &[],
        ..License::default()
    });
    let of = |key, identifier| [("license_key", key), ("identifier", identifier)];
    assert_eq!(verify(&server, &of("NOBODYS-KEY-0123", "one.ltd")), 210);
    assert_eq!(verify(&server, &of("KEY-1", "")), 215);
    assert_eq!(verify(&server, &of("free-key-1", "one.ltd")), 201);
    for key in ["KEY-1", "key-1", "KEY-1"] {
        assert_eq!(verify(&server, &of(key, "two.ltd")), 202);
    }
    assert_eq!(server.post("activate", &of("KEY-1", "two.ltd")).code, 302);
    assert_eq!(verify(&server, &of("KEY-1", "one.ltd")), 200);
    assert_eq!(server.post("activate", &of("KEY-1", "one.ltd")).code, 301);
    server.stop();
    let expected = [
        "210 '/verify' 'one.ltd' '127.0.0.1' 'NOBODYS-' - 1 1",
        "215 '/verify' '' '127.0.0.1' '' 1 1 1",
        "201 '/verify' 'one.ltd' '127.0.0.1' '' 2 1 1",
        "202 '/verify' 'two.ltd' '127.0.0.1' '' 1 1 3",
        "302 '/activate' 'two.ltd' '127.0.0.1' '' 1 1 1",
    ];
    assert_refusals(&server, &expected);
}

#[test]
fn a_refused_caller_is_remembered_by_its_address_and_never_by_its_api_key() {
    let mut server = TestServer::start();
    server.add_license(&License { identifiers: &["one.ltd"], ..License::default() });
    let inactive = server.add_api_key(&["--capability", "*", "--inactive"]);
    let narrow = server.add_api_key(&["--capability", "activate"]);
    let of = |api_key| [("api_key", api_key), ("license_key", "KEY-1"), ("identifier", "one.ltd")];
    let ask = |fields: &[(&str, &str)]| server.post_form("/api/v1/verify", fields).code;
    assert_eq!(ask(&of("c0ffee00-a-key-that-nobody-has")), 100);
    assert_eq!(ask(&of(&inactive)), 101);
    assert_eq!(ask(&of(&narrow)), 102);
    let header = [("Authorization", format!("Bearer {narrow}"))];
    let header = [(header[0].0, header[0].1.as_str())];
    let fields = [("license_key", "KEY-1"), ("identifier", "one.ltd")];
    assert_eq!(server.post_with_headers("verify", &header, &fields).code, 102);
    let stranger = [("Authorization", "Bearer c0ffee00-another-key")];
    assert_eq!(server.post_with_headers("verify", &stranger, &fields).code, 100);
    server.command(&["block", "add", "--identifier", "one.ltd"]);
    assert_eq!(verify(&server, &fields), 150);
    server.stop();
    let expected = [
        "100 '/verify' 'one.ltd' '127.0.0.1' '' 1 - 1",
        "101 '/verify' 'one.ltd' '127.0.0.1' '' 1 2 1",
        "102 '/verify' 'one.ltd' '127.0.0.1' '' 1 3 2",
        "100 '/verify' '' '127.0.0.1' '' - - 1",
        "150 '/verify' 'one.ltd' '127.0.0.1' '' 1 1 1",
    ];
    assert_refusals(&server, &expected);
    let database = std::fs::read(server.data().join("keyseal.db")).unwrap();
    assert!(!database.windows(8).any(|bytes| bytes == b"c0ffee00"));
}

#[test]
fn answers_are_counted_by_hour_endpoint_code_and_product() {
    let mut server = TestServer::start();
    server.add_license(&License { identifiers: &["one.ltd"], ..License::default() });
    let of = |key, identifier| [("license_key", key), ("identifier", identifier)];
    for _ in 0..3 {
        assert_eq!(verify(&server, &of("KEY-1", "one.ltd")), 200);
    }
    assert_eq!(verify(&server, &of("NOBODY", "one.ltd")), 210);
    assert_eq!(server.post("activate", &of("KEY-1", "two.ltd")).code, 300);
    assert_eq!(server.get("/api/v1/nothing").code, 1904);
    server.stop();
    let sql = "SELECT endpoint, code, product_id, sum(count) FROM usage_hours GROUP BY 1, 2, 3 ORDER BY 1, 2";
    assert_eq!(
        rows(&server, sql),
        ["'(unknown)' 1904 0 1", "'/activate' 300 1 1", "'/verify' 200 1 3", "'/verify' 210 0 1"]
    );
    // What is counted later in the hour is added.
    server.start_again(|_| ());
    assert_eq!(verify(&server, &of("KEY-1", "one.ltd")), 200);
    server.stop();
    let sql = "SELECT sum(count) FROM usage_hours WHERE endpoint = '/verify' AND code = 200";
    assert_eq!(rows(&server, sql), ["4"]);
    let sql = "SELECT 1 FROM usage_hours WHERE abs(hour - unixepoch() / 3600) > 1";
    assert_eq!(rows(&server, sql), [""; 0]);
}

const SEEN: &str =
    "SELECT identifier, last_seen_at > unixepoch() - 60, last_address FROM activations ORDER BY id";

#[test]
fn an_activation_is_seen_when_a_request_passes_the_gate_on_it_and_at_most_once_an_hour() {
    let mut server = TestServer::start();
    let identifiers = &["one.ltd", "two.ltd", "three.ltd"];
    server.add_license(&License { activation_limit: 3, identifiers, ..License::default() });
    let of = |identifier| [("license_key", "KEY-1"), ("identifier", identifier)];
    assert_eq!(verify(&server, &of("ONE.ltd")), 200);
    assert_eq!(server.post("activate", &of("two.ltd")).code, 301);
    server.stop();
    assert_eq!(
        rows(&server, SEEN),
        ["'one.ltd' 1 '127.0.0.1'", "'two.ltd' 1 '127.0.0.1'", "'three.ltd' - -"]
    );
    server.start_again(|_| ());
    execute(
        &server,
        "UPDATE activations SET last_seen_at = unixepoch() - 3700, last_address = 'x' WHERE id = 1;
         UPDATE activations SET last_seen_at = unixepoch() - 3000, last_address = 'x' WHERE id = 2;",
    );
    assert_eq!(verify(&server, &of("one.ltd")), 200);
    assert_eq!(verify(&server, &of("two.ltd")), 200);
    server.stop();
    assert_eq!(rows(&server, SEEN), ["'one.ltd' 1 '127.0.0.1'", "'two.ltd' 0 'x'", "'three.ltd' - -"]);
}

#[test]
fn each_of_it_can_be_turned_off() {
    let mut server = TestServer::start_with(|config| {
        config.activity.records_refusals = false;
        config.activity.records_usage = false;
        config.activity.records_last_seen = false;
    });
    server.add_license(&License { identifiers: &["one.ltd"], ..License::default() });
    assert_eq!(verify(&server, &[("license_key", "KEY-1"), ("identifier", "one.ltd")]), 200);
    assert_eq!(verify(&server, &[("license_key", "NOBODY"), ("identifier", "one.ltd")]), 210);
    server.stop();
    let sql = "SELECT (SELECT count(*) FROM refusals) + (SELECT count(*) FROM usage_hours)
                      + (SELECT count(*) FROM activations WHERE last_seen_at IS NOT NULL)";
    assert_eq!(rows(&server, sql), ["0"]);
}

#[test]
fn the_command_tells_what_was_answered_and_what_is_refused_most() {
    let mut server = TestServer::start();
    server.add_license(&License { identifiers: &["one.ltd"], ..License::default() });
    let of = |key, identifier| [("license_key", key), ("identifier", identifier)];
    assert_eq!(server.post("activate", &of("KEY-1", "two.ltd")).code, 300);
    assert_eq!(verify(&server, &of("KEY-1", "two.ltd")), 200);
    for _ in 0..2 {
        assert_eq!(verify(&server, &of("NOBODYS-KEY-0123", "one.ltd")), 210);
    }
    assert_eq!(verify(&server, &of("KEY-1", "three.ltd")), 202);
    server.stop();
    let shown = server.command(&["activity", "--since", "1h", "--top", "1"]);
    let counts = ["answers", "activations", "verifications"].map(|name| shown[name].as_i64().unwrap());
    assert_eq!(counts, [5, 1, 1]);
    let refusals: Vec<_> = shown["refusals"].as_array().unwrap().iter().map(|one| &one["count"]).collect();
    assert_eq!(
        (refusals.len(), &shown["refusals"][0]["code"], refusals[0].as_i64()),
        (2, &210.into(), Some(2))
    );
    assert_eq!(shown["refusals"][0]["message"], "Invalid license key");
    let [keys, identifiers, addresses] =
        ["license_keys", "identifiers", "addresses"].map(|name| shown[name].as_array().unwrap());
    assert_eq!([keys.len(), identifiers.len(), addresses.len()], [1, 1, 1]);
    assert_eq!((keys[0]["license_key"].as_str(), &keys[0]["key_start"]), (None, &"NOBODYS-".into()));
    assert_eq!((&identifiers[0]["identifier"], &identifiers[0]["count"]), (&"one.ltd".into(), &2.into()));
    assert_eq!(addresses[0]["address"], "127.0.0.1");
    assert_eq!(server.command(&["activity", "--since", "2100-01-01"])["answers"], 0);
}

#[test]
fn old_refusals_and_numbers_are_deleted_and_the_oldest_beyond_the_number_that_is_kept() {
    let mut server = TestServer::start();
    server.add_license(&License { identifiers: &["one.ltd"], ..License::default() });
    server.stop();
    // As many as a write deletes, and more than one slice: some old.
    execute(
        &server,
        "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 900)
         INSERT INTO refusals (hour, code, key_hash, identifier, address, endpoint, key_start, count, first_at, last_at)
         SELECT n, 202, x'00', n, '', '/verify', '', 1, at, at
         FROM (SELECT n, CASE WHEN n <= 300 THEN 1000000000 ELSE unixepoch() END AS at FROM number);
         INSERT INTO usage_hours VALUES (1000, '/verify', 200, 1, 5), (unixepoch() / 3600, '/activate', 300, 1, 5);",
    );
    server.start_again(|config| {
        config.activity.keep_refusals = Retention::new(30, 0).rows(100);
        config.activity.keep_usage = Retention::new(400, 0);
    });
    let deadline = Instant::now() + Duration::from_secs(30);
    let sql = "SELECT (SELECT count(*) FROM refusals), (SELECT count(*) FROM usage_hours)";
    while rows(&server, sql) != ["100 1"] && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(rows(&server, sql), ["100 1"]);
    // A refusal more.
    assert_eq!(verify(&server, &[("license_key", "NOBODY"), ("identifier", "one.ltd")]), 210);
    server.stop();
    assert_eq!(rows(&server, "SELECT count(*), max(id) FROM refusals"), ["100 901"]);
}

#[test]
fn a_license_is_shown_with_its_refusals_among_its_changes() {
    let mut server = TestServer::start();
    server.add_license(&License { activation_limit: 1, identifiers: &["one.ltd"], ..License::default() });
    for identifier in ["two.ltd", "two.ltd"] {
        assert_eq!(verify(&server, &[("license_key", "KEY-1"), ("identifier", identifier)]), 202);
    }
    server.stop();
    let shown = server.command(&["license", "show", "KEY-1"]);
    let events = shown["timeline"].as_array().unwrap();
    let refusals: Vec<_> = events.iter().filter(|event| event["kind"] == "refusal").collect();
    let [refusal] = refusals[..] else { panic!("{events:?}") };
    assert_eq!((&refusal["code"], &refusal["count"]), (&json!(202), &json!(2)));
    assert_eq!((&refusal["identifier"], &refusal["endpoint"]), (&json!("two.ltd"), &json!("/verify")));
    assert!(refusal["message"].is_string() && refusal["api_key_name"].is_string());
    let changes: Vec<_> = events.iter().filter(|event| event["kind"] == "change").collect();
    assert!(!changes.is_empty() && changes.len() + 1 == events.len(), "{events:?}");
    let times: Vec<_> = events.iter().map(|event| event["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
    // Refusals count in the size of a part.
    let part = server.command(&["license", "show", "KEY-1", "--timeline", "1", "--before", "2020-01-01"]);
    assert_eq!((&part["timeline"], &part["earlier_than"]), (&json!([]), &json!(null)));
}
