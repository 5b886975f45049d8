//! A customer whose address and name are in every table.

use std::fs;
use std::path::Path;

use keyseal_test_support::post_form;
use serde_json::{Value, json};

use super::{EMAIL, NAME, TRACES, erase, execute, found_in, world};
use crate::support::{Server, contains, done, keyseal, refused};

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
fn the_report_names_records_as_people_do() {
    let data = world();
    let data = data.path();
    spread(data);
    let output = keyseal(data, &["customer", "erase", "--email", EMAIL, "--yes", "--drop-webhooks"]);
    let report = String::from_utf8(output.stdout).unwrap();
    contains(
        &report,
        &[
            "deleted, or texts in them replaced: ",
            "4 webhooks",
            "1 queued order",
            "3 stored answers",
            "1 API key",
        ],
    );
    assert!(!report.contains("callbacks") && !report.contains('_'), "{report}");
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
