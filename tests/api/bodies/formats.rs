//! The formats of a request, which all mean the same fields.

use serde_json::json;

use super::{CREATE, multipart, server};
use crate::support::{License, meta_fields, send_raw};

#[test]
fn form_multipart_json_and_query_say_the_same() {
    let server = server();
    let form = "license_key=KEY-1&identifier=domain.ltd&value=green&key=";
    assert_eq!(
        server.post_body(CREATE, "application/x-www-form-urlencoded", format!("{form}a").as_bytes()).code,
        453
    );
    assert_eq!(server.post_body(&format!("{CREATE}?{form}b"), "text/anything", b"").code, 453);
    let body = multipart(&[
        ("name=\"license_key\"", "KEY-1"),
        ("name=\"identifier\"", "domain.ltd"),
        ("name=\"key\"", "c"),
        ("name=\"value\"", "green\r\nand blue"),
        ("name=\"value\"; filename=\"x.txt\"", "a file is no field"),
    ]);
    assert_eq!(server.post_body(CREATE, "multipart/form-data; boundary=XX", body.as_bytes()).code, 453);
    let mut fields = meta_fields();
    fields["key"] = "d".into();
    assert_eq!(
        server.post_body(CREATE, "Application/JSON; charset=utf-8", fields.to_string().as_bytes()).code,
        453
    );
    assert_eq!(server.post_json(CREATE, &fields).code, 452);
}

#[test]
fn json_may_come_in_chunks() {
    let server = server();
    let fields = meta_fields().to_string();
    let (first, second) = fields.split_at(20);
    let request = format!(
        "POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        server.api_key,
        first.len(),
        second.len()
    );
    let (status, body) = send_raw(server.address(), request.as_bytes(), false);
    assert_eq!(server.answer(status, &body).code, 453);
}

#[test]
fn json_values_of_any_type_are_taken_where_text_of_any_kind_is() {
    let server = server();
    server.add_license(&License { key: "12345", identifiers: &["7"], ..License::default() });
    for (number, value) in
        [json!(1), json!(true), json!(1.5), json!([1, 2]), json!({ "a": null })].iter().enumerate()
    {
        let fields = json!({ "license_key": 12345, "identifier": 7, "key": number, "value": value });
        assert_eq!(server.post_json(CREATE, &fields).code, 453, "{value}");
    }
}

#[test]
fn lists_and_objects_are_no_text() {
    let server = server();
    for odd in [json!(["KEY-1"]), json!({ "license_key": "KEY-1" }), json!(null)] {
        for (field, code) in [("license_key", 210), ("identifier", 215), ("key", 450)] {
            let mut fields = meta_fields();
            fields[field] = odd.clone();
            assert_eq!(server.post_json(CREATE, &fields).code, code);
        }
    }
    assert_eq!(server.post(CREATE, &[("license_key[]", "KEY-1")]).code, 210);
}

#[test]
fn the_body_wins_over_the_query_and_the_last_duplicate_over_the_first() {
    let server = server();
    let path = format!("{CREATE}?license_key=NOBODY&identifier=nowhere&key=color");
    let body = "license_key=NOBODY&license_key=KEY-1&identifier=domain.ltd&value=green";
    assert_eq!(server.post_body(&path, "application/x-www-form-urlencoded", body.as_bytes()).code, 453);
    let twice = concat!(
        r#"{"license_key":"NOBODY","license_key":"KEY-1","identifier":"domain.ltd","#,
        r#""key":"color","value":"x"}"#
    );
    assert_eq!(server.post_body(CREATE, "application/json", twice.as_bytes()).code, 452);
}

#[test]
fn aliases_stand_for_the_names_of_the_contract() {
    let server = server();
    for (number, identifier) in
        ["hardwareId", "hardware_id", "hwid", "domain", "server_domain"].iter().enumerate()
    {
        let fields = json!({
            "license_key": "KEY-1", *identifier: "domain.ltd", "meta_key": number, "meta_value": "v", "os": "linux",
        });
        assert_eq!(server.post_json(CREATE, &fields).code, 453, "{identifier}");
    }
    let both = json!({ "license_key": "KEY-1", "identifier": "elsewhere", "domain": "domain.ltd" });
    assert_eq!(server.post_json(CREATE, &both).code, 202);
}

#[test]
fn an_empty_body_is_no_error() {
    let server = server();
    assert_eq!(server.post_body(CREATE, "application/json", b"[]").code, 210);
    for kind in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
    {
        assert_eq!(server.post_body(CREATE, kind, b"").code, 210, "{kind}");
    }
}

#[test]
fn json_is_read_however_it_is_declared() {
    let server = server();
    let fields = meta_fields().to_string();
    let marked = format!("\u{feff}{fields}");
    for (number, (kind, body)) in [
        ("application/x-www-form-urlencoded", &fields),
        ("text/plain;charset=UTF-8", &fields),
        ("application/x-www-form-urlencoded", &marked),
        ("application/json", &marked),
        ("text/json", &fields),
        ("application/vnd.api+json", &fields),
    ]
    .into_iter()
    .enumerate()
    {
        let expected = if number == 0 { 453 } else { 452 };
        assert_eq!(server.post_body(CREATE, kind, body.as_bytes()).code, expected, "{kind}");
    }
    let key = &server.api_key;
    let request = |headers: &str, body: &str| {
        let length = body.len();
        format!("POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
    };
    let with_key = fields.replacen('{', &format!("{{\"api_key\":\"{key}\","), 1);
    let (status, body) = send_raw(server.address(), request("", &with_key).as_bytes(), false);
    assert_eq!(server.answer(status, &body).code, 452);
}
