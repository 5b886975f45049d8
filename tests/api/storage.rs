//! What clients can store: quotas in bytes, what is kept and for how long, and a disk that is full.

use std::time::{Duration, Instant};

use keyseal::{AnswerQuota, Retention, TelemetryQuota};

use crate::support::{License, TestServer, database, execute};

/// A report of some 10 KB.
fn report(server: &TestServer, api_key: &str, from: &str) -> (i64, u16, Option<u64>) {
    let text = "x".repeat(10_000);
    let fields = [("api_key", api_key), ("data_type", "text"), ("text_data", &text)];
    let answer = server.post_with_headers("send-telemetry-data", &[("X-Forwarded-For", from)], &fields);
    (answer.code, answer.status, answer.retry_after)
}

fn count(server: &TestServer, sql: &str) -> i64 {
    database(server).query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn telemetry_has_a_quota_by_api_key_and_one_by_address() {
    let server = TestServer::start_with(|config| {
        config.storage.telemetry = TelemetryQuota::megabytes(1, 100);
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    server.add_license(&License::default());
    let (one, other) =
        (server.add_api_key(&["--capability", "client"]), server.add_api_key(&["--capability", "client"]));
    let answers: Vec<_> = (0..105).map(|_| report(&server, &one, "192.0.2.1")).collect();
    let stored = answers.iter().filter(|answer| answer.0 == 831).count();
    assert!((90..=99).contains(&stored), "{stored}");
    let (code, status, retry_after) = answers[104];
    assert_eq!((code, status), (1929, 429));
    assert!((1..=40).contains(&retry_after.unwrap()), "{retry_after:?}");
    assert_eq!(count(&server, "SELECT count(*) FROM telemetry"), i64::try_from(stored).unwrap());
    // The same key from elsewhere, another key from the same address, and neither.
    assert_eq!(report(&server, &one, "192.0.2.2").0, 1929);
    assert_eq!(report(&server, &other, "192.0.2.1").0, 1929);
    assert_eq!(report(&server, &other, "192.0.2.3").0, 831);
    // Nothing else is refused.
    let fields = [("api_key", one.as_str()), ("license_key", "KEY-1"), ("identifier", "domain.ltd")];
    assert_eq!(server.post_with_headers("verify", &[("X-Forwarded-For", "192.0.2.1")], &fields).code, 200);
}

#[test]
fn a_repeat_key_of_a_request_that_changes_nothing_is_not_kept() {
    let server = TestServer::start();
    server.add_license(&License { activation_limit: 2, identifiers: &[], ..License::default() });
    let ask = |repeat_key: &str, post_url: &str| {
        let fields = [
            ("api_key", server.api_key.as_str()),
            ("license_key", "KEY-1"),
            ("identifier", "one.ltd"),
            ("post_url", post_url),
        ];
        server.post_with_headers("activate", &[("Idempotency-Key", repeat_key)], &fields).code
    };
    let (kept, audited) = ("SELECT count(*) FROM idempotency", "SELECT count(*) FROM audit");
    assert_eq!(ask("first", "https://a.example/"), 300);
    assert_eq!(count(&server, kept), 1);
    let entries = count(&server, audited);
    for number in 0..20 {
        assert_eq!(ask(&format!("again-{number}"), "https://a.example/"), 301);
    }
    assert_eq!((count(&server, kept), count(&server, audited)), (1, entries));
    assert_eq!(ask("first", "https://a.example/"), 300);
    // Another URL is a change.
    assert_eq!(ask("url", "https://b.example/"), 301);
    assert_eq!((count(&server, kept), count(&server, audited)), (2, entries + 1));
}

#[test]
fn answers_under_an_idempotency_key_have_a_quota_and_what_exceeds_it_is_not_done() {
    let server = TestServer::start_with(|config| {
        config.storage.answers = AnswerQuota::megabytes(1);
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    server.add_license(&License { activation_limit: 0, identifiers: &[], ..License::default() });
    let client = server.add_api_key(&["--capability", "client"]);
    let activate = |number: usize, from: &str, repeat_key: Option<&str>| {
        let identifier = format!("device-{number}");
        let fields =
            [("api_key", client.as_str()), ("license_key", "KEY-1"), ("identifier", identifier.as_str())];
        let mut headers = vec![("X-Forwarded-For", from)];
        headers.extend(repeat_key.map(|key| ("Idempotency-Key", key)));
        server.post_with_headers("activate", &headers, &fields)
    };
    // Some 600 bytes each; an address has 100,000.
    let name = |number: usize| format!("{number:0>255}");
    let answers: Vec<_> = (0..300).map(|number| activate(number, "192.0.2.1", Some(&name(number)))).collect();
    let kept = answers.iter().filter(|answer| answer.code == 300).count();
    assert!((120..=200).contains(&kept), "{kept}");
    let refused = answers.last().unwrap();
    assert_eq!((refused.code, refused.status), (1929, 429));
    assert!(refused.retry_after.is_some());
    // What was refused was not done, and what was promised is kept.
    let seats = i64::try_from(kept).unwrap();
    assert_eq!(count(&server, "SELECT count(*) FROM activations"), seats);
    assert_eq!(count(&server, "SELECT count(*) FROM idempotency"), seats);
    assert_eq!(activate(0, "192.0.2.1", Some(&name(0))).body, answers[0].body);
    // Others under the same key, and the same one without a promise, go on.
    assert_eq!(activate(1_000, "192.0.2.2", Some("x")).code, 300);
    assert_eq!(activate(1_001, "192.0.2.1", None).code, 300);
}

#[test]
fn webhooks_and_answers_are_deleted_past_their_age_and_size_but_none_that_is_to_be_sent() {
    let mut server = TestServer::start();
    execute(
        &server,
        "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 2000)
         INSERT INTO callbacks (url, target, reply, kind, state, next_attempt, created_at, updated_at)
         SELECT 'http://x.example/', 'x.example', CAST(zeroblob(1400) AS TEXT), 'deactivation',
             CASE n % 4 WHEN 0 THEN 'pending' WHEN 1 THEN 'failed' ELSE 'delivered' END, 99999999999, 1,
             CASE WHEN n <= 400 THEN 1000000000 ELSE unixepoch() END FROM number;
         WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 2000)
         INSERT INTO idempotency (api_key_id, route, idempotency_key, params_hash, code, response, created_at)
         SELECT 1, '/activate', 'key-' || n, zeroblob(32), 300, CAST(zeroblob(1300) AS TEXT),
             CASE WHEN n <= 500 THEN 1000000000 ELSE unixepoch() - 2000 + n END FROM number;",
    );
    server.stop();
    server.start_again(|config| {
        config.storage.keep_webhooks = Retention::new(90, 0);
        config.storage.keep_answers = Retention::new(1, 0);
    });
    assert_eq!(wait(&server, "SELECT count(*) FROM callbacks", 1700), 1700);
    assert_eq!(wait(&server, "SELECT count(*) FROM idempotency", 1500), 1500);
    server.stop();
    server.start_again(|config| {
        config.storage.keep_webhooks = Retention::new(0, 1);
        config.storage.keep_answers = Retention::new(1, 1);
    });
    // 650 of 1.5 KB each, and those that are to be sent.
    let left = wait(&server, "SELECT count(*) FROM callbacks", 1200);
    assert!((900..=1200).contains(&left), "{left}");
    assert_eq!(count(&server, "SELECT count(*) FROM callbacks WHERE state = 'pending'"), 500);
    assert_eq!(count(&server, "SELECT max(id) FROM callbacks WHERE state <> 'pending'"), 1999);
    let left = wait(&server, "SELECT count(*) FROM idempotency", 800);
    assert!((400..=800).contains(&left), "{left}");
    assert_eq!(count(&server, "SELECT count(*) FROM idempotency WHERE idempotency_key = 'key-2000'"), 1);
}

#[test]
fn the_audit_trail_is_pruned_in_slices_as_one_entry() {
    let server = TestServer::start();
    let before = count(&server, "SELECT count(*) FROM audit");
    execute(
        &server,
        "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 2500)
         INSERT INTO audit (id, at, who, action, change) SELECT -n, 1000000000, 'command_line', 'x', 'y' FROM number;",
    );
    assert_eq!(server.command(&["audit", "prune", "--older-than", "1"])["pruned"], 2500);
    assert_eq!(count(&server, "SELECT count(*) FROM audit"), before + 1);
    assert_eq!(count(&server, "SELECT count(*) FROM audit WHERE action = 'audit prune'"), 1);
}

/// Waits until a number is small enough.
fn wait(server: &TestServer, sql: &str, most: i64) -> i64 {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let found = count(server, sql);
        if found <= most || Instant::now() > deadline {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_oldest_are_deleted_past_the_age_and_the_size_that_are_kept() {
    let mut server = TestServer::start();
    execute(
        &server,
        "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 2000)
         INSERT INTO telemetry (user_identifier, license_key, activation_identifier, product_id, product_version,
             data_type, data_group, data, extra, is_correct_format, license_key_exists, product_exists,
             product_version_exists, has_red_flags, created_at)
         SELECT '', '', '', 0, '', '', '', CAST(zeroblob(1400) AS TEXT), '', 0, 0, 0, 0, 1,
             CASE WHEN n <= 500 THEN 1000000000 ELSE unixepoch() END FROM number;
         WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 700)
         INSERT INTO audit (at, who, action, change) SELECT 1000000000, 'command_line', 'x', 'y' FROM number;",
    );
    server.stop();
    let recent = count(&server, "SELECT count(*) FROM audit WHERE at > 1000000000");
    server.start_again(|config| {
        config.storage.keep_telemetry = Retention::new(400, 0);
        config.storage.keep_audit = Retention::new(400, 0);
    });
    assert_eq!(wait(&server, "SELECT count(*) FROM telemetry", 1500), 1500);
    assert_eq!(wait(&server, "SELECT count(*) FROM audit", recent), recent);
    server.stop();
    // 1.5 KB each.
    server.start_again(|config| config.storage.keep_telemetry = Retention::new(0, 1));
    let left = wait(&server, "SELECT count(*) FROM telemetry", 700);
    assert!((400..=700).contains(&left), "{left}");
    assert_eq!(count(&server, "SELECT max(id) FROM telemetry"), 2000);
}

#[test]
fn a_server_whose_disk_is_full_is_not_ready_and_says_why() {
    let server = TestServer::start_with(|config| config.limits.least_disk = u64::MAX);
    let (status, text) = server.get_plain("/readyz");
    assert_eq!(status, 503);
    assert!(text.starts_with("not ready: the disk of the data directory is full: "), "{text}");
    assert_eq!(server.get_plain("/livez").0, 200);
}

#[test]
fn telemetry_is_pruned_by_age() {
    let server = TestServer::start();
    assert_eq!(server.post("send-telemetry-data", &[]).code, 831);
    let prune = ["telemetry", "prune", "--older-than", "1"];
    assert_eq!(server.command(&prune)["pruned"], 0);
    execute(&server, "UPDATE telemetry SET created_at = created_at - 100000");
    assert_eq!(server.command(&prune)["pruned"], 1);
    assert_eq!(count(&server, "SELECT count(*) FROM telemetry"), 0);
    assert_eq!(count(&server, "SELECT count(*) FROM audit WHERE action = 'telemetry prune'"), 2);
}
