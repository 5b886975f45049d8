//! Erasing a customer: his address and his name are in no file of the data directory any more.

use std::fs;
use std::path::{Path, PathBuf};

use keyseal_test_support::{Receiver, post_form};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, contains, done, initialized, keyseal, refused};

const EMAIL: &str = "Jane.Roe@Mail.example";
const NAME: &str = "Jane Q. Roe";

/// Texts that must be nowhere after the erasure, in lower case.
const TRACES: [&str; 4] = ["jane.roe@mail.example", "jane q. roe", "203.0.113.77", "jane.roe%40mail.example"];

/// Runs SQL on the database, for what no command and no request writes.
#[expect(clippy::disallowed_methods, reason = "plays a database with a past")]
fn execute(data: &Path, sql: &str) {
    let connection = Connection::open(data.join("keyseal.db")).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// Two products, a license of Jane, and one of somebody with a longer address.
fn world() -> TempDir {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "Editor"]);
    for (key, name, email) in [("JANES", NAME, EMAIL), ("OTHERS", "Mary", "mary.jane.roe@mail.example")] {
        let create = ["license", "create", "--product", "1", "--key", key, "--status", "assigned"];
        done(data.path(), &[&create[..], &["--owner-name", name, "--owner-email", email]].concat());
    }
    data
}

/// Puts the address into every table, and into every column that people write.
fn spread(data: &Path) {
    done(data, &["license", "activate", "JANES", "--identifier", "pc-1"]);
    done(data, &["license", "activate", "JANES", "--identifier", EMAIL]);
    done(data, &["license", "activate", "JANES", "--identifier", "Jane Q. Roe's laptop"]);
    done(data, &["license", "activate", "OTHERS", "--identifier", "mary-pc"]);
    done(data, &["license", "update", "OTHERS", "--owner-name", "friend of jane.roe@mail.example"]);
    done(data, &["block", "add", "--identifier", EMAIL]);
    done(data, &["api-key", "create", "--name", EMAIL, "--capability", "verify"]);
    done(data, &["license", "create", "--product", "1", "--key", "GONE", "--owner-email", EMAIL]);
    done(data, &["license", "update", "GONE", "--owner-name", NAME]);
    done(data, &["license", "delete", "GONE"]);
    done(data, &["license", "create", "--product", "1", "--key", "SOLD", "--owner-email", EMAIL]);
    done(data, &["license", "update", "SOLD", "--owner-name", NAME]);
    done(data, &["license", "update", "SOLD", "--owner-name", "", "--owner-email", "new@x.example"]);
    execute(
        data,
        r#"
        UPDATE licenses SET note = 'calls himself Jane Q. Roe', order_reference = 'JANE.ROE@mail.example/1',
               block_reason = 'Jane Q. Roe paid back' WHERE license_key = 'JANES';
        UPDATE licenses SET note = 'see jane.roe@mail.example too', order_reference = 'jane.roe@mail.example',
               block_reason = 'jane.roe@mail.example' WHERE license_key = 'OTHERS';
        UPDATE activations SET address = '203.0.113.77', last_address = '203.0.113.77',
               post_url = 'https://x.example/?a=jane.roe%40mail.example' WHERE identifier = 'pc-1';
        UPDATE activations SET post_url = 'https://x.example/?a=Jane.Roe%40mail.example' WHERE identifier = 'mary-pc';
        INSERT INTO license_meta (license_id, key, value, created_at, updated_at)
        VALUES (1, 'color', 'Jane Q. Roe likes green', 0, 0), (2, 'friend', 'JANE.ROE@MAIL.EXAMPLE', 0, 0),
               (2, 'jane.roe@mail.example', 'x', 0, 0);
        INSERT INTO product_meta (product_id, key, value, created_at, updated_at)
        VALUES (1, 'contact', 'ask jane.roe@mail.example', 0, 0);
        UPDATE products SET description = 'by jane.roe@mail.example', external_reference = 'jane.roe@mail.example',
               post_url = 'https://x.example/jane.roe@mail.example', features = '["jane.roe@mail.example"]';
        INSERT INTO generators (uuid, product_id, method, prefix, suffix, function_name, number_of_chunks, chunk_length,
               activation_limit, validity, active, charset, created_at, updated_at)
        VALUES ('u', 1, 'uuid', '', '', '', 1, 1, 0, 0, 1, '', 0, 0);
        INSERT INTO contracts (uuid, name, information, contract_key, license_keys_quantity, product_id, can_get_info,
               can_generate, can_destroy, can_destroy_all, status, created_at, updated_at)
        VALUES ('u', 'jane.roe@mail.example', 'for jane.roe@mail.example', 'secret', 1, 1, 1, 1, 1, 1, 'active', 0, 0);
        INSERT INTO downloadables (product_id, numeric_version, version, update_summary, changelog, published,
               release_date, file_name, file_sha256, file_size, created_at, updated_at)
        VALUES (1, 1, '1', 'thanks to jane.roe@mail.example', 'found by jane.roe@mail.example', 0, 0,
                'for-jane.roe@mail.example', 'x', 0, 0, 0);
        INSERT INTO telemetry (user_identifier, license_key, activation_identifier, product_id, product_version,
               data_type, data_group, data, extra, is_correct_format, license_key_exists, product_exists,
               product_version_exists, has_red_flags, created_at)
        VALUES ('jane.roe@mail.example', '', '', 1, '1', 'text', 'g', '', '{}', 1, 1, 1, 1, 0, 0),
               ('', 'janes', '', 1, '1', 'text', 'g', 'Jane Q. Roe from 203.0.113.77', '{}', 1, 1, 1, 1, 0, 0),
               ('', '', '', 1, '1', 'text', 'g', '{"m":"\u006aane.roe@mail.example"}', '{}', 1, 1, 1, 1, 0, 0),
               ('', '', 'PC-1', 1, '1', 'text', 'g', 'Jane Q. Roe', '{}', 1, 1, 1, 1, 0, 0),
               ('mary', 'OTHERS', '', 1, '1', 'text', 'kept', '', '{}', 1, 1, 1, 1, 0, 0);
        INSERT INTO jobs (api_key_id, params, fingerprint, created_at)
        VALUES (99, '{"owner_email":"jane.roe@mail.example","owner_name":"Jane Q. Roe"}', x'00', 0);
        INSERT INTO callbacks (url, target, reply, body, kind, state, next_attempt, last_error, created_at, updated_at,
               license_id)
        VALUES ('https://x.example/?a=jane.roe%40mail.example', 'x.example:443', '{}', NULL, 'assignment', 'delivered',
                0, NULL, 0, 0, NULL),
               ('https://x.example/', 'x.example:443', '{"license_key":"janes","identifier":"Jane Q. Roe"}',
                'Jane Q. Roe', 'deactivation', 'failed', 0, 'no host for Jane Q. Roe', 0, 0, NULL),
               ('https://x.example/Jane Q. Roe', 'x.example:443', '{}', 'Jane Q. Roe', 'deactivation', 'failed', 0, '',
                0, 0, 1);
        INSERT INTO callbacks (url, target, reply, kind, state, next_attempt, created_at, updated_at)
        VALUES ('http://jane.roe@mail.example@127.0.0.1:1/jane.roe@mail.example', '127.0.0.1:1', '{}', 'assignment',
                'pending', 0, 0, 0);
        INSERT INTO idempotency (api_key_id, route, idempotency_key, params_hash, code, response, created_at)
        VALUES (1, '/a', 'order-jane.roe@mail.example', x'00', 1, '{}', 9999999999),
               (1, '/b', 'x', zeroblob(32), 1, '{"license":{"key":"JANES","owner":"JANE Q. ROE"}}', 9999999999),
               (1, '/c', 'x', zeroblob(32), 1, '{"mail":"jane.roe@mail.example"}', 9999999999);
        UPDATE idempotency SET params_hash = zeroblob(32);
        INSERT INTO audit (at, who, address, action, change, subject, subject_id, license_key, detail)
        VALUES (1, 'api_key', '203.0.113.77', 'activate', 'activated', 'license', 1, 'JANES', 'Jane Q. Roe'),
               (2, 'api_key', NULL, 'x', 'changed', NULL, NULL, 'jane.roe@mail.example', 'a jane.roe@mail.example b');
        INSERT INTO refusals (hour, code, key_hash, identifier, address, endpoint, license_id, key_start, count,
               first_at, last_at)
        VALUES (1, 202, x'00', 'Jane Q. Roe', '203.0.113.77', 'verify', 1, '', 1, 1, 1),
               (1, 210, x'01', 'jane.roe@mail.example', '203.0.113.77', 'verify', NULL, 'JAN', 1, 1, 1);
        "#,
    );
}

/// The files of a data directory in which one of the traces is, in whatever case.
fn found_in(data: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(data) {
        let content = fs::read(&path).unwrap().to_ascii_lowercase();
        for trace in TRACES {
            // Mary's address ends with Jane's.
            let is_there = content
                .windows(trace.len())
                .enumerate()
                .any(|(at, window)| window == trace.as_bytes() && !content[..at].ends_with(b"mary."));
            if is_there {
                found.push(format!("{trace} in {}", path.display()));
            }
        }
    }
    found
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn erase(data: &Path, options: &[&str]) -> Value {
    done(data, &[&["customer", "erase", "--email", "jane.roe@MAIL.example", "--yes"], options].concat())
}

#[test]
fn an_erased_customer_is_in_no_file_wherever_he_was() {
    let data = world();
    let data = data.path();
    spread(data);
    let said = refused(data, &["customer", "erase", "--email", EMAIL, "--yes"]);
    contains(
        &said,
        &[
            "1 webhook and 1 queued order about the customer still wait",
            "--drop-webhooks",
            "Nothing was erased",
        ],
    );
    let mut server = Server::start(data);
    // The reason is logged, without the URL.
    server.log_until("attempt 1 failed");
    // The server has read all of it, and keeps the log open.
    let verify = |identifier: &str| {
        let key = &done(data, &["api-key", "create", "--name", "k", "--capability", "*"])["api_key"];
        let fields =
            [("api_key", key.as_str().unwrap()), ("license_key", "JANES"), ("identifier", identifier)];
        let (_, body) = post_form(&format!("{}/api/v1/verify", server.url()), &fields);
        serde_json::from_str::<Value>(&body).unwrap()["response"]["code"].clone()
    };
    assert_eq!(verify("pc-1"), 200);
    assert!(!found_in(data).is_empty());

    let erased = erase(data, &["--drop-webhooks"]);
    assert_eq!(found_in(data), Vec::<String>::new());
    assert_eq!(
        (&erased["erased"], &erased["licenses"], &erased["seats_ended"]),
        (&json!(true), &json!(1), &json!(2))
    );
    assert_eq!(erased["left"], json!([]));

    // The license goes on working, and others keep what is theirs.
    assert_eq!(verify("pc-1"), 200);
    let licenses = done(data, &["license", "list"]);
    let owners: Vec<(&Value, &Value, &Value)> = licenses
        .as_array()
        .unwrap()
        .iter()
        .map(|license| (&license["license_key"], &license["status"], &license["owner_email"]))
        .collect();
    let assigned = json!("assigned");
    assert_eq!(
        owners[..2],
        [
            (&json!("JANES"), &assigned, &Value::Null),
            (&json!("OTHERS"), &assigned, &json!("mary.jane.roe@mail.example"))
        ]
    );
    assert_eq!(licenses[1]["owner_name"], "friend of [erased]");
    let trail = done(data, &["audit", "list", "--license", "JANES"]);
    let changes: Vec<&Value> = trail.as_array().unwrap().iter().map(|entry| &entry["change"]).collect();
    assert!(
        changes.contains(&&json!("activated")) && changes.contains(&&json!("owner erased")),
        "{changes:?}"
    );

    // Again: there is nothing more.
    contains(&refused(data, &["customer", "erase", "--email", EMAIL, "--yes"]), &["not found"]);
    assert!(found_in(data).is_empty());
    let log = server.log().to_ascii_lowercase();
    assert!(log.contains("attempt 1 failed"), "{log}");
    assert!(!TRACES.iter().any(|trace| log.contains(trace)), "{log}");
    drop(server);
    assert!(found_in(data).is_empty());
    contains(&String::from_utf8(keyseal(data, &["doctor"]).stdout).unwrap(), &["ok       integrity"]);
}

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

#[test]
fn webhooks_that_wait_are_sent_first_or_dropped_as_told() {
    let data = world();
    let data = data.path();
    let receiver = Receiver::answering(&[200]);
    let wait = |license: i64| {
        let sql = format!(
            "INSERT INTO callbacks (url, target, reply, kind, state, next_attempt, created_at, updated_at, license_id)
             VALUES ('{}', '127.0.0.1:1', '{{\"code\":1}}', 'deactivation', 'pending', 0, 0, 0, {license})",
            receiver.url("/hook")
        );
        execute(data, &sql);
    };
    wait(1);
    wait(2);
    for (options, says) in [
        (&[][..], "1 webhook about the customer still wait: send them first with --send-webhooks"),
        (&["--send-webhooks"], "no server runs that would send them"),
    ] {
        let command = [&["customer", "erase", "--email", EMAIL, "--yes"], options].concat();
        contains(&refused(data, &command), &[says, "Nothing was erased"]);
    }
    assert!(!found_in(data).is_empty());
    let server = Server::start_with(data, &["--allow-private-targets"]);
    assert_eq!(erase(data, &["--send-webhooks"])["licenses"], 1);
    assert_eq!(
        (receiver.next().line.as_str(), receiver.next().line.as_str()),
        ("POST /hook HTTP/1.1", "POST /hook HTTP/1.1")
    );
    assert_eq!(found_in(data), Vec::<String>::new());
    drop(server);
}

#[test]
fn what_cannot_be_changed_without_harm_is_told_and_nothing_is_called_erased() {
    let data = world();
    let data = data.path();
    done(data, &["license", "create", "--product", "1", "--key", "jane.roe@mail.example-1"]);
    done(data, &["license", "create", "--product", "1", "--key", "KEY/jane.roe@mail.example"]);
    let said = refused(data, &["customer", "erase", "--email", EMAIL, "--yes"]);
    contains(&said, &["is not erased completely", "licenses 4: KEY/jane.roe@mail.example"]);
    done(data, &["license", "delete", "KEY/jane.roe@mail.example"]);
    execute(
        data,
        "INSERT INTO contracts (uuid, name, information, contract_key, license_keys_quantity, product_id, can_get_info,
                can_generate, can_destroy, can_destroy_all, status, created_at, updated_at)
         VALUES ('u', 'Reseller', '', 'for/Jane.Roe@mail.example', 1, 1, 1, 1, 1, 1, 'active', 0, 0)",
    );
    let command = ["customer", "erase", "--email", EMAIL, "--yes"];
    for _ in 0..2 {
        contains(
            &refused(data, &command),
            &["is not erased completely", "Delete these", "contracts 1: for/Jane.Roe@mail.example"],
        );
    }
    let output = keyseal(data, &[&["--json"], &command[..]].concat());
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let left = json!([{ "table": "contracts", "id": 1, "text": "for/Jane.Roe@mail.example" }]);
    assert_eq!((&value["erased"], &value["left"], output.status.code()), (&json!(false), &left, Some(1)));
    execute(data, "DELETE FROM contracts");
    assert_eq!(erase(data, &[])["erased"], json!(true));
}

#[test]
fn an_erasure_that_is_killed_is_finished_by_the_next_one() {
    let data = world();
    let data = data.path();
    spread(data);
    let arguments = ["customer", "erase", "--email", EMAIL, "--yes", "--drop-webhooks"];
    for steps in 1.. {
        let mut command = keyseal_test_support::program();
        let mut erasure = command.arg("--data").arg(data).args(arguments).spawn().unwrap();
        // Killed after it has changed the database so often.
        let log = data.join("keyseal.db-wal");
        let mut sizes = 0;
        let mut before = 0;
        let ended = loop {
            if let Some(status) = erasure.try_wait().unwrap() {
                break Some(status);
            }
            let size = fs::metadata(&log).map_or(0, |file| file.len());
            if size != before {
                (sizes, before) = (sizes + 1, size);
            }
            if sizes > steps {
                erasure.kill().unwrap();
                erasure.wait().unwrap();
                break None;
            }
        };
        match ended {
            Some(status) if status.success() => break,
            Some(_) => {
                // The one before was killed between its last change and its report.
                assert!(found_in(data).is_empty());
                break;
            }
            None => {}
        }
    }
    assert_eq!(found_in(data), Vec::<String>::new());
}
