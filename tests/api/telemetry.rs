//! Telemetry: what is kept, what is said to be wrong with it, and how it is found again.

use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer, execute};

const SEND: &str = "send-telemetry-data";

const PATHS: [&str; 4] = [SEND, "send-telemetry-date", "send-telemetry", "telemetry"];

/// A report that is correct in every respect, on the license of `License::default`.
fn fields() -> Value {
    json!({
        "product_id": 1, "user_identifier": "user-1", "license_key": "KEY-1", "activation_identifier": "domain.ltd",
        "product_version": "1.2.0", "data_type": "numeric-single-value", "numeric_data_single_value": 50,
        "data_group": "usage",
    })
}

fn with(changes: &Value) -> Value {
    let mut all = fields();
    for (field, value) in changes.as_object().unwrap() {
        all[field] = value.clone();
    }
    all
}

fn send(server: &TestServer, changes: &Value) -> Answer {
    server.post_json(SEND, &with(changes))
}

fn get(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/api/v1/get-telemetry-data?api_key={}{query}", server.api_key))
}

fn found(server: &TestServer, query: &str) -> Vec<Value> {
    let answer = get(server, query);
    let heading = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(heading, (200, 970, "Telemetry data found", "global"));
    answer.fields["data"].as_array().unwrap().clone()
}

fn ids(server: &TestServer, query: &str) -> Vec<i64> {
    found(server, query).iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn saved(answer: &Answer) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, 830, "Correct format data saved", "global"));
    assert_eq!(
        answer.response,
        format!(
            r#"{{"code":830,"message":"Correct format data saved","errors":[],"timestamp":{}}}"#,
            answer.timestamp
        )
    );
}

fn flawed(answer: &Answer, errors: &Value) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, 831, "Incorrect format data saved", "global"));
    assert_eq!(answer.fields["errors"].to_string(), errors.to_string());
    assert_eq!(answer.fields.len(), 1);
}

/// A server that knows the license and the version of `fields`.
fn start() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License::default());
    execute(
        &server,
        "INSERT INTO downloadables (product_id, numeric_version, version, update_summary, changelog,
                                    published, release_date, file_name, file_sha256, file_size, created_at, updated_at)
         VALUES (1, 120, '1.2.0', '', '', 1, 0, 'p.zip', '', 0, 0, 0)",
    );
    server
}

#[test]
fn a_correct_report_is_kept_without_red_flags() {
    let server = start();
    saved(&send(&server, &json!({})));
    let rows = found(&server, "&data_type=numeric-single-value&data_group=usage");
    let created = rows[0]["created_at"].as_str().unwrap();
    assert!(created.len() == 27 && created.ends_with(".000000Z"), "{created}");
    assert_eq!(
        Value::from(rows.clone()).to_string(),
        json!([{
            "id": 1, "user_identifier": "user-1", "license_key": "KEY-1", "activation_identifier": "domain.ltd",
            "product_id": 1, "product_version": "1.2.0", "data_type": "numeric-single-value", "data_group": "usage",
            "data": "50", "is_correct_format": 1, "license_key_exists": 1, "product_exists": 1,
            "product_version_exists": 1, "has_red_flags": 0, "created_at": created, "updated_at": created,
        }])
        .to_string()
    );
}

#[test]
fn an_empty_report_is_kept_with_all_its_errors_in_order_on_every_path() {
    let server = TestServer::start();
    for path in PATHS {
        flawed(
            &server.post(path, &[]),
            &json!({
                "product_id": ["The selected product id is invalid."],
                "user_identifier": ["The user identifier field is required."],
                "license_key": ["The license key field is required."],
                "activation_identifier": ["The activation identifier field is required."],
                "product_version": ["The product version field is required."],
                "data_type": ["The data type field is required."],
                "data_group": ["The data group field is required."],
            }),
        );
    }
    let rows = found(&server, "");
    assert_eq!(rows.len(), PATHS.len());
    for (field, value) in [
        ("user_identifier", json!("")),
        ("license_key", json!("")),
        ("activation_identifier", json!("")),
        ("product_id", json!(0)),
        ("product_version", json!("")),
        ("data_type", json!("")),
        ("data_group", json!("")),
        ("data", json!("")),
        ("is_correct_format", json!(0)),
        ("license_key_exists", json!(0)),
        ("product_exists", json!(0)),
        ("product_version_exists", json!(0)),
        ("has_red_flags", json!(1)),
    ] {
        assert_eq!(rows[3][field], value, "{field}");
    }
}

#[test]
fn what_does_not_exist_is_a_red_flag() {
    let server = start();
    let flags = |row: &Value| {
        [
            "is_correct_format",
            "license_key_exists",
            "product_exists",
            "product_version_exists",
            "has_red_flags",
        ]
        .map(|flag| row[flag].as_i64().unwrap())
    };
    saved(&send(&server, &json!({"license_key": "NOBODY"})));
    saved(&send(&server, &json!({"product_version": "9.9"})));
    saved(&send(&server, &json!({"product_id": 2})));
    flawed(
        &send(&server, &json!({"product_id": 77})),
        &json!({"product_id": ["The selected product id is invalid."]}),
    );
    flawed(
        &send(&server, &json!({"numeric_data_single_value": "many"})),
        &json!({"numeric_data_single_value": ["The numeric data single value field must be a number."]}),
    );
    saved(&send(&server, &json!({"license_key": " key-1 "})));
    let rows = found(&server, "");
    let expected = [
        [1, 0, 1, 1, 1],
        [1, 1, 1, 0, 1],
        [1, 1, 1, 0, 1],
        [0, 1, 0, 0, 1],
        [0, 1, 1, 1, 1],
        [1, 1, 1, 1, 0],
    ];
    assert_eq!(rows.iter().map(flags).collect::<Vec<_>>(), expected);
    assert_eq!((&rows[3]["product_id"], &rows[4]["data"]), (&json!(77), &json!("many")));
}

#[test]
fn each_type_has_its_data() {
    let server = start();
    saved(&send(&server, &json!({"numeric_data_single_value": " -1.50 "})));
    saved(&send(
        &server,
        &json!({"data_type": "numeric-xy-axis", "numeric_data_x": "1", "numeric_data_y": 2.5}),
    ));
    saved(&send(&server, &json!({"data_type": "text", "text_data": " a\nb "})));
    saved(&send(&server, &json!({"data_type": "text", "text_data": {"a": [1]}})));
    let data: Vec<Value> = found(&server, "").iter().map(|row| row["data"].clone()).collect();
    assert_eq!(data, ["-1.50", r#"{"x":"1","y":"2.5"}"#, " a\nb ", r#"{"a":[1]}"#]);
    for (changes, errors) in [
        (
            json!({"numeric_data_single_value": ""}),
            json!({"numeric_data_single_value":
                ["The numeric data single value field is required when data type is numeric-single-value."]}),
        ),
        (
            json!({"data_type": "numeric-xy-axis", "numeric_data_x": "NaN"}),
            json!({"numeric_data_x": ["The numeric data x field must be a number."], "numeric_data_y":
                ["The numeric data y field is required when data type is numeric-xy-axis."]}),
        ),
        (
            json!({"data_type": "text"}),
            json!({"text_data": ["The text data field is required when data type is text."]}),
        ),
        (json!({"data_type": "picture"}), json!({"data_type": ["The selected data type is invalid."]})),
    ] {
        flawed(&send(&server, &changes), &errors);
    }
    let rows = found(&server, "&is_correct_format=0");
    assert_eq!(rows.len(), 4);
    assert_eq!((&rows[3]["data_type"], &rows[3]["data"]), (&json!("picture"), &json!("50")));
}

#[test]
fn a_text_that_can_not_be_kept_is_an_error_and_never_cut() {
    let server = start();
    let (name, text) = ("x".repeat(256), "x".repeat(64 * 1024 + 1));
    let names = [
        "user_identifier",
        "license_key",
        "activation_identifier",
        "product_version",
        "data_type",
        "data_group",
    ];
    for field in names {
        let words = field.replace('_', " ");
        let message = format!("The {words} field must not be greater than 255 bytes.");
        flawed(&send(&server, &json!({field: name})), &json!({field: [message]}));
        flawed(
            &send(&server, &json!({field: "a\0b"})),
            &json!({field: [format!("The selected {words} is invalid.")]}),
        );
        assert_eq!(found(&server, "").last().unwrap()[field], "");
    }
    let message = "The text data field must not be greater than 65536 bytes.";
    flawed(
        &send(&server, &json!({"data_type": "text", "text_data": text})),
        &json!({"text_data": [message]}),
    );
    let message = "The metadata field must not be greater than 65536 bytes.";
    flawed(&send(&server, &json!({"metadata": {"a": text}})), &json!({"metadata": [message]}));
    saved(&send(&server, &json!({"hwid": "1", "country": "DE", "flags": ["a"], "metadata": {"a": {}}})));
    saved(&send(
        &server,
        &json!({"data_type": "text", "text_data": "x".repeat(64 * 1024), "user_identifier": "x".repeat(255)}),
    ));
}

#[test]
fn reports_are_found_by_any_of_their_fields() {
    let server = start();
    send(&server, &json!({}));
    send(
        &server,
        &json!({"user_identifier": "user-2", "license_key": "NOBODY", "activation_identifier": "Other.ltd"}),
    );
    send(&server, &json!({"product_id": 2, "data_group": "errors", "product_version": "2.0"}));
    send(&server, &json!({"product_id": 77, "data_type": "text", "text_data": "t"}));
    let uuid =
        server.get(&format!("/api/v1/get-product?api_key={}&product_id=2", server.api_key)).fields["product"]
            ["uuid"]
            .as_str()
            .unwrap()
            .to_owned();
    for (query, expected) in [
        ("", &[1, 2, 3, 4][..]),
        ("&data_type=numeric-single-value&data_group=usage", &[1, 2]),
        ("&data_type=numeric-single-value&data_group=usage&license_key_exists=0", &[2]),
        ("&data_type=text", &[4]),
        ("&data_group=errors", &[3]),
        ("&data_group=nothing", &[]),
        ("&product_id=1", &[1, 2]),
        ("&product_id=77", &[4]),
        (&format!("&product_uuid={uuid}"), &[3]),
        ("&product_uuid=nobody", &[]),
        ("&product_id=0", &[]),
        ("&user_identifier=user-2", &[2]),
        ("&license_key=nobody", &[2]),
        ("&activation_identifier=OTHER.LTD", &[2]),
        ("&product_version=2.0", &[3]),
        ("&license_key_exists=0", &[2]),
        ("&product_exists=true&product_version_exists=false", &[3]),
        ("&product_exists=0", &[4]),
        ("&is_correct_format=0", &[4]),
        ("&has_red_flags=0", &[1]),
        ("&has_red_flags=true", &[2, 3, 4]),
        ("&has_red_flags=&product_id=", &[1, 2, 3, 4]),
        ("&has_red_flags=perhaps", &[1, 2, 3, 4]),
        ("&page=2&items_per_page=3", &[4]),
        ("&page=1&per_page=3", &[1, 2, 3]),
        ("&page=-5&items_per_page=0", &[1]),
        ("&page=9223372036854775807&items_per_page=9223372036854775807", &[]),
        ("&page=x&items_per_page=x", &[1, 2, 3, 4]),
        ("&data_type=%27%20OR%201%3D1%20--", &[]),
    ] {
        assert_eq!(ids(&server, query), expected, "{query}");
    }
}

#[test]
fn the_other_paths_give_the_same_reports() {
    let server = start();
    send(&server, &json!({}));
    for path in ["get-telemetry-data", "get-telemetry-date", "get-telemetry"] {
        let answer = server.get(&format!("/api/v1/{path}?api_key={}&data_group=usage", server.api_key));
        assert_eq!((answer.code, answer.fields["data"].as_array().unwrap().len()), (970, 1), "{path}");
    }
}

#[test]
fn reports_outlive_their_product() {
    let server = start();
    send(&server, &json!({}));
    server.post("delete-product", &[("product_id", "1")]);
    assert_eq!(ids(&server, "&product_id=1&product_exists=1"), [1]);
}

#[test]
fn a_list_that_would_carry_too_much_is_refused_and_a_shorter_one_is_not() {
    let server = start();
    let data = json!({"data_type": "text", "text_data": "x".repeat(64 * 1024)});
    saved(&send(&server, &data));
    execute(
        &server,
        "INSERT INTO telemetry (user_identifier, license_key, activation_identifier, product_id,
                                product_version, data_type, data_group, data, extra, is_correct_format,
                                license_key_exists, product_exists, product_version_exists,
                                has_red_flags, created_at)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 256)
         SELECT '', '', '', 1, '', 'text', 'usage', data, '{}', 1, 1, 1, 1, 0, 0 FROM telemetry, numbers",
    );
    let answer = get(&server, "");
    assert_eq!((answer.status, answer.code, &answer.fields["field"]), (413, 1913, &json!("items_per_page")));
    assert_eq!(ids(&server, "&items_per_page=2&page=129"), [257]);
}

#[test]
fn a_clients_api_key_may_report_and_not_read() {
    let server = start();
    let api_key = server.add_api_key(&["--capability", "client"]);
    for path in PATHS {
        assert_eq!(server.post_form(&format!("/v1/{path}"), &[("api_key", &api_key)]).code, 831, "{path}");
    }
    assert_eq!(server.get(&format!("/v1/get-telemetry?api_key={api_key}")).code, 102);
}
