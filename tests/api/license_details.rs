//! `POST /get-license-key-details`.

use crate::support::{License, TestServer};

const FIELDS: [(&str, &str); 2] = [("license_key", "KEY-1"), ("identifier", "domain.ltd")];

#[test]
fn details_show_the_license_and_its_product_in_the_documented_order() {
    let server = TestServer::start();
    server.add_license(&License::default());
    let value = "a/b \"é\" 😀\u{2028}\u{1}";
    for (key, value) in [("test-key", value), ("second", "x")] {
        server.post("create-license-key-meta", &[&FIELDS[..], &[("key", key), ("value", value)]].concat());
    }
    let answer = server.post("get-license-key-details", &FIELDS);
    assert_eq!((answer.status, answer.signer.as_str()), (200, "product"));
    assert_eq!(
        answer.response,
        format!(
            concat!(
                r#"{{"code":500,"message":"Active license key found","#,
                r#""licenseKey":{{"id":1,"license_key":"KEY-1","owner_name":null,"owner_email":null,"#,
                r#""activation_limit":0,"validity":0,"assigned_at":"2024-02-27 03:05:31","meta_data":["#,
                r#"{{"key":"test-key","value":"a\/b \"\u00e9\" \ud83d\ude00\u2028\u0001"}},"#,
                r#"{{"key":"second","value":"x"}}],"expires_at":false}},"#,
                r#""product":{{"id":1,"external_reference":"","source":"internal","name":"With a key","#,
                r#""post_url":"","description":"","meta_data":[]}},"timestamp":{}}}"#
            ),
            answer.timestamp
        )
    );
}

#[test]
fn an_expiry_is_shown_as_a_date() {
    let server = TestServer::start();
    server.add_license(&License { validity: 36_500, ..License::default() });
    let answer = server.post("get-license-key-details", &FIELDS);
    assert_eq!(answer.fields["licenseKey"]["expires_at"], "2124-02-03 03:05:31");
}

#[test]
fn details_pass_the_license_gate() {
    let server = TestServer::start();
    server.add_license(&License { validity: 1, key: "EXPIRED", identifiers: &[], ..License::default() });
    server.add_license(&License { identifiers: &[], ..License::default() });
    for (license_key, identifier, code) in
        [("NOBODY", "x", 210), ("KEY-1", "", 215), ("EXPIRED", "x", 205), ("KEY-1", "x", 202)]
    {
        let fields = [("license_key", license_key), ("identifier", identifier)];
        assert_eq!(server.post("get-license-key-details", &fields).code, code);
    }
}
