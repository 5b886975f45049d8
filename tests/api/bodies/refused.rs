//! Bodies that are refused: unreadable, of another type, compressed, too large.

use super::{CREATE, multipart, server};
use crate::support::{meta_fields, send_raw};

#[test]
fn an_unreadable_body_is_a_signed_400_and_writes_nothing() {
    let server = server();
    let deep = format!("{{\"value\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let unclosed = "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nx";
    let nameless = multipart(&[("filename=x", "y"), ("nothing", "y")]);
    let form = "application/x-www-form-urlencoded";
    for (kind, body) in [
        (form, b"license_key=%ff".as_slice()),
        (form, b"license_key=\xc3\x28"),
        ("application/json", b"{\"license_key\":\"\xff\"}"),
        ("application/json", b"{\"license_key\":\"KEY-1\""),
        ("application/json", b"[1]"),
        ("application/json", b"\"KEY-1\""),
        ("application/json", b"{\"a\":\"\\ud800\"}"),
        ("application/json", deep.as_bytes()),
        ("multipart/form-data", b"--XX--"),
        ("multipart/form-data; boundary=XX", b"nothing of the kind"),
        ("multipart/form-data; boundary=XX", unclosed.as_bytes()),
        ("multipart/form-data; boundary=XX", nameless.as_bytes()),
        (
            "multipart/form-data; boundary=XX",
            b"--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n\xff\r\n--XX--\r\n",
        ),
    ] {
        let answer = server.post_body(CREATE, kind, body);
        let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(found, (400, 1902, "Unreadable request body", "global"), "{kind} {shown}");
    }
    let (query, json) = (format!("{CREATE}?license_key=%ff"), "application/json");
    for (path, kind, body, reason) in [
        (query.as_str(), form, "", "query string: not valid UTF-8 once it is percent-decoded"),
        (&query, json, "{}", "query string: not valid UTF-8 once it is percent-decoded"),
        (CREATE, form, "license_key=%ff", "body: not valid UTF-8 once it is percent-decoded"),
        (CREATE, form, "{\"license_key\":\"KEY-1\"", "body: not valid JSON in UTF-8"),
        (CREATE, json, "[1]", "body: JSON, but no object"),
        (CREATE, "multipart/form-data", "--XX--", "body: not valid multipart/form-data with this boundary"),
    ] {
        let answer = server.post_body(path, kind, body.as_bytes());
        assert_eq!((answer.status, answer.code), (400, 1902), "{reason}");
        assert_eq!(answer.fields["reason"], reason);
    }
    assert_eq!(server.post_json(CREATE, &meta_fields()).fields["meta_id"], 1);
}

#[test]
fn an_unknown_content_type_is_a_signed_415() {
    let server = server();
    for kind in ["text/plain", "application/xml", "application/octet-stream", "nonsense", "image/png"] {
        let answer = server.post_body(CREATE, kind, b"license_key=KEY-1");
        assert_eq!(
            (answer.status, answer.code, answer.message.as_str()),
            (415, 1915, "Unsupported media type")
        );
        assert!(answer.fields["reason"].as_str().unwrap().starts_with("Content-Type: send "));
    }
}

#[test]
fn a_compressed_body_is_a_signed_415_that_says_so() {
    let server = server();
    let (key, fields) = (&server.api_key, meta_fields().to_string());
    for (encoding, expected) in [("gzip", 1915), ("br", 1915), ("identity, deflate", 1915), ("identity", 453)]
    {
        let request = format!(
            "POST /v1/{CREATE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n\
             Content-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n{fields}",
            fields.len()
        );
        let (status, body) = send_raw(server.address(), request.as_bytes(), false);
        let answer = server.answer(status, &body);
        assert_eq!(answer.code, expected, "{encoding}");
        if expected == 1915 {
            assert_eq!(answer.fields["reason"], "Content-Encoding: send the body uncompressed");
        }
    }
}

#[test]
fn a_large_body_is_a_signed_413() {
    let server = server();
    for size in [1024 * 1024 + 1, 10 * 1024 * 1024] {
        for kind in
            ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=XX"]
        {
            let answer = server.post_body(CREATE, kind, &vec![b'x'; size]);
            assert_eq!(
                (answer.status, answer.code, answer.message.as_str()),
                (413, 1913, "Payload too large")
            );
            assert!(answer.fields.is_empty());
        }
    }
    let mut body = b"value=".to_vec();
    body.resize(1024 * 1024, b'x');
    assert_eq!(server.post_body(CREATE, "application/x-www-form-urlencoded", &body).code, 210);
}
