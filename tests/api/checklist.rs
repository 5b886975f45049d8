//! The behaviour that clients of the original rely on, line by line of the contract's checklist (contract
//! §9.3). What a line says at length is tested in the file of its noun; here it is shown as a client would
//! see it.

use serde_json::{Value, json};

use crate::support::{License, TestServer};

fn server() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License { identifiers: &[], ..License::default() });
    server
}

const BOTH: [(&str, &str); 2] = [("license_key", "KEY-1"), ("identifier", "domain.ltd")];

#[test]
fn line_1_a_bad_api_key_alone_is_100() {
    let server = TestServer::start_with(|config| config.http.status = keyseal::HttpStatus::Documented);
    let answer = server.post_form("/api/v1/verify", &[("api_key", "bad")]);
    assert_eq!((answer.status, answer.code, answer.signer.as_str()), (401, 100, "global"));
}

#[test]
fn line_2_unknown_unassigned_and_without_identifier() {
    let server = server();
    server.add_license(&License { key: "FREE", status: "available", identifiers: &[], ..License::default() });
    for (endpoint, fields, code, signer) in [
        ("verify", [("license_key", "NOBODY"), ("identifier", "d")], 210, "global"),
        ("verify", [("license_key", "FREE"), ("identifier", "d")], 201, "product"),
        ("activate", [("license_key", "KEY-1"), ("identifier", "")], 215, "product"),
    ] {
        let answer = server.post(endpoint, &fields);
        assert_eq!((answer.status, answer.code, answer.signer.as_str()), (200, code, signer));
    }
}

#[test]
fn line_3_an_activation_from_its_beginning_to_its_end() {
    let server = server();
    for (endpoint, code, signer) in [
        ("activate", r#"{"code":300,"#, "product"),
        ("activate", r#"{"code":301,"#, "product"),
        ("deactivate", r#"{"code":"400","#, "global"),
        ("deactivate", r#"{"code":401,"#, "product"),
        ("get-license-key-details", r#"{"code":202,"#, "product"),
    ] {
        let answer = server.post(endpoint, &BOTH);
        assert!(answer.response.starts_with(code), "{}", answer.response);
        assert_eq!(answer.signer, signer);
    }
}

#[test]
fn line_4_three_new_keys_and_one_that_exists() {
    let answer = server().post_json(
        "create-license-keys",
        &json!({
            "license_keys": ["A", "B", "C", "key-1"], "product_id": 1, "activation_limit": 0, "validity": 0,
            "status": "available",
        }),
    );
    assert_eq!(answer.code, 900);
    assert_eq!((&answer.fields["created"], &answer.fields["duplicate"]), (&json!(3), &json!(1)));
}

#[test]
fn line_5_a_product_without_anything_and_one_with_a_bad_status() {
    let server = server();
    let errors = server.post("create-product", &[]).fields["errors"].to_string();
    let required =
        r#"{"name":["The name field is required."],"description":["The description field is required."]}"#;
    assert_eq!(errors, required);
    let fields = [("name", "n"), ("description", "d"), ("status", "test")];
    let errors = server.post("create-product", &fields).fields["errors"].to_string();
    assert_eq!(errors, r#"{"status":["The selected status is invalid."]}"#);
}

#[test]
fn line_6_telemetry_without_anything_is_kept_under_each_of_its_paths() {
    let server = server();
    for path in ["send-telemetry-data", "send-telemetry-date", "send-telemetry", "telemetry"] {
        let answer = server.post(path, &[]);
        assert_eq!(answer.code, 831);
        let errors: Vec<&String> = answer.fields["errors"].as_object().unwrap().keys().collect();
        let expected = [
            "product_id",
            "user_identifier",
            "license_key",
            "activation_identifier",
            "product_version",
            "data_type",
            "data_group",
        ];
        assert_eq!(errors, expected);
    }
    let kept = server.get(&format!("/v1/get-telemetry-data?api_key={}", server.api_key));
    assert_eq!(kept.fields["data"].as_array().unwrap().len(), 4);
}

#[test]
fn line_7_random_assignment_takes_all_or_nothing_and_new_keys_leave_the_pool_alone() {
    let server = server();
    server.add_license(&License { key: "POOL", status: "available", identifiers: &[], ..License::default() });
    server.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    let assign = |generate, quantity| {
        let fields = [("product_id", "1"), ("generate", generate), ("quantity", quantity)];
        server.post("random-assign-license-keys", &fields)
    };
    let short = assign("0", "2");
    assert_eq!((short.code, &short.fields["available_quantity"]), (802, &json!(1)));
    for answer in [assign("1", "1"), assign("0", "1")] {
        let item = answer.fields["license_keys"][0].as_object().unwrap();
        let names: Vec<&str> = item.keys().map(String::as_str).collect();
        let expected = [
            "product_id",
            "license_key",
            "activation_limit",
            "validity",
            "status",
            "owner_name",
            "owner_email",
            "assigned_at",
            "contract_id",
            "updated_at",
            "created_at",
            "id",
            "meta_data",
        ];
        assert_eq!((answer.code, names), (803, expected.to_vec()));
    }
}

#[test]
fn line_8_a_contract_echoes_a_form_and_is_listed_with_integers() {
    let server = server();
    let fields = [
        ("contract_key", "C-1-0123456789abcdef"),
        ("contract_name", "N"),
        ("contract_information", "I"),
        ("product_id", "1"),
        ("license_keys_quantity", "5"),
        ("status", "active"),
        ("can_get_info", "1"),
        ("can_generate", "1"),
        ("can_destroy", "1"),
        ("can_destroy_all", "0"),
    ];
    let made = server.post("create-contract", &fields);
    assert_eq!(made.message, "contract created");
    let contract = made.fields["contract"].as_object().unwrap();
    assert_eq!((contract.len(), &contract["license_keys_quantity"]), (14, &json!("5")));
    let all = server.get(&format!("/v1/get-all-contracts?api_key={}", server.api_key));
    assert_eq!(all.fields["contracts"][0]["license_keys_quantity"], 5);
}

#[test]
fn line_9_each_list_has_the_name_that_the_original_gave_it() {
    let server = server();
    server.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    let generators = server.get(&format!("/v1/get-all-generators?api_key={}", server.api_key));
    assert!(generators.fields["products"].is_array());
    let generated = server.post("generate", &[("generator_id", "1"), ("quantity", "1")]);
    assert!(generated.fields["licenseKeys"][0].is_string());
    server.post("activate", &BOTH);
    assert!(server.post("get-license-key-details", &BOTH).fields["licenseKey"].is_object());
}

#[test]
fn line_10_without_a_private_key_nothing_is_signed_and_it_says_so() {
    let server = TestServer::start_with(|config| config.unsigned = true);
    let (status, body) = server.get_plain(&format!("/v1/get-all-products?api_key={}", server.api_key));
    let envelope: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &envelope["response"]["code"]), (200, &json!(810)));
    assert_eq!(
        (&envelope["private_key_used"], &envelope["signature"]),
        (&json!("global"), &json!("Private key not set"))
    );
    assert_eq!(server.get_plain("/readyz").0, 200);
}

// Line 11, the webhook of a queued job, is in queue.rs.

#[test]
fn line_12_the_paths_that_clients_really_send_are_found() {
    let server = server();
    for path in ["//api/v1/create-contract", "/v1/verify"] {
        assert!(server.post_form(path, &[("api_key", &server.api_key)]).code < 1900, "{path}");
    }
    let path = format!("/api/api/v1/get-product-public-key?product_id=1&api_key={}", server.api_key);
    assert_eq!(server.get(&path).fields["public_key"], server.product_key);
}

// Line 13 is about the response profile of newer clients, which this server doesn't have.
