//! `contracts/get-info`, `generate`, `destroy`, `destroy-all`: for the owner of a contract, and for an API
//! key in his name.

use std::collections::HashSet;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, License, Receiver, TestServer};

const KEY: &str = "7d5d4f5e-8c4e-4a5f-9a55-0f1f6f7e8a90";
const OTHER: &str = "4242424242424242";

/// Contract 1 (of product 1, five keys) under `KEY`, contract 2 (of product 2, without a generator) under `OTHER`.
fn server() -> TestServer {
    server_with(|_| {})
}

fn server_with(configure: impl FnOnce(&mut keyseal::Config)) -> TestServer {
    let server = TestServer::start_with(configure);
    server.command(&["generator", "create", "--product", "1", "--method", "uuid", "--validity", "30"]);
    add_contract(&server, KEY, "1");
    add_contract(&server, OTHER, "2");
    server
}

fn add_contract(server: &TestServer, key: &str, product: &str) {
    let fields = [
        ("contract_key", key),
        ("contract_name", "N"),
        ("contract_information", "I"),
        ("product_id", product),
        ("license_keys_quantity", "5"),
        ("status", "active"),
        ("can_get_info", "1"),
        ("can_generate", "1"),
        ("can_destroy", "1"),
        ("can_destroy_all", "1"),
    ];
    assert_eq!(server.post("create-contract", &fields).code, 841);
}

fn change(server: &TestServer, field: &str, value: &str) {
    assert_eq!(server.post("update-contract", &[("contract_id", "1"), (field, value)]).code, 842);
}

fn expect(answer: &Answer, code: i64, message: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, "global"));
}

/// As the owner of contract 1: its key, and nothing else.
fn own(server: &TestServer, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
    server.post_form(&format!("/api/v1/contracts/{endpoint}"), &[&[("contract_key", KEY)], fields].concat())
}

fn keys(answer: &Answer) -> Vec<String> {
    let keys = answer.fields["license_keys"].as_array().unwrap();
    keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()
}

fn info(server: &TestServer) -> Answer {
    server.get(&format!("/api/v1/contracts/get-info?contract_key={KEY}"))
}

#[test]
fn the_owner_sees_his_contract_as_lists_show_it() {
    let server = server();
    let answer = info(&server);
    expect(&answer, 1204, "Contract found");
    let all = server.get(&format!("/v1/get-all-contracts?api_key={}", server.api_key));
    assert_eq!(answer.fields["contract"].to_string(), all.fields["contracts"][0].to_string());
    assert_eq!(answer.fields.len(), 1);
}

#[test]
fn a_contracts_key_is_a_credential_wherever_an_api_key_is() {
    let server = server();
    let code = |headers: &[(&str, &str)], fields: &[(&str, &str)]| {
        server.post_with_headers("contracts/generate", headers, fields).code
    };
    let bearer = format!("Bearer {KEY}");
    assert_eq!(code(&[("Authorization", &bearer)], &[]), 1206);
    assert_eq!(code(&[("X-API-Key", KEY)], &[]), 1206);
    for field in ["api_key", "contract_key", "contract_id", "contract_uuid"] {
        assert_eq!(code(&[], &[(field, KEY)]), 1206, "{field}");
    }
    // What names a contract is no secret, and a wrong credential is none.
    for (field, value) in
        [("contract_id", "1"), ("contract_key", "1"), ("contract_key", "x"), ("contract_key", "")]
    {
        assert_eq!(code(&[], &[(field, value)]), 100, "{field}={value}");
    }
    assert_eq!(code(&[("X-API-Key", "unknown")], &[("contract_key", KEY)]), 100);
    // It opens nothing else.
    assert_eq!(server.post_form("/api/v1/get-license-key-details", &[("api_key", KEY)]).code, 100);
}

#[test]
fn an_owner_reaches_his_own_contract_only() {
    let server = server();
    let headers = [("X-API-Key", KEY)];
    for (field, value, code) in [
        ("contract_id", "1", 1206),
        ("contract_key", KEY, 1206),
        ("contract_id", "2", 1200),
        ("contract_key", OTHER, 1200),
        ("contract_uuid", "x", 1200),
    ] {
        let answer = server.post_with_headers("contracts/generate", &headers, &[(field, value)]);
        assert_eq!(answer.code, code, "{field}={value}");
    }
    let digits = server.post_form("/api/v1/contracts/generate", &[("contract_key", OTHER)]);
    expect(&digits, 1203, "Generator not found");
}

#[test]
fn an_api_key_acts_for_the_contract_that_it_names() {
    let server = server();
    let code = |field, value| server.post("contracts/generate", &[(field, value)]).code;
    assert_eq!(code("contract_id", "1"), 1206);
    assert_eq!(code("contract_key", KEY), 1206);
    // A key is not taken for an id, though it has only digits.
    assert_eq!(code("contract_key", OTHER), 1203);
    for (field, value) in [("contract_id", "9"), ("contract_uuid", "x"), ("contract_key", "1"), ("x", "")] {
        expect(&server.post("contracts/generate", &[(field, value)]), 1200, "Contract not found");
    }
    let other = server.add_api_key(&["--capability", "contracts-get-info"]);
    let fields = [("api_key", other.as_str()), ("contract_key", KEY)];
    assert_eq!(server.post_form("/api/v1/contracts/generate", &fields).code, 102);
}

#[test]
fn the_gate_comes_first_for_owners_too() {
    let server = server();
    let inactive = server.add_api_key(&["--inactive"]);
    let fields = [("api_key", inactive.as_str()), ("contract_key", KEY)];
    assert_eq!(server.post_form("/api/v1/contracts/generate", &fields).code, 101);
    server.command(&["block", "add", "--identifier", "stolen"]);
    assert_eq!(own(&server, "generate", &[("identifier", "STOLEN")]).code, 150);
    server.command(&["block", "add", "--ip", "127.0.0.1"]);
    assert_eq!(own(&server, "generate", &[]).code, 150);
}

#[test]
fn generated_keys_are_the_contracts_and_in_no_pool() {
    let server = server();
    let answer = own(&server, "generate", &[("count", "2")]);
    expect(&answer, 1300, "Contract license keys generated");
    assert_eq!(keys(&answer).len(), 2);
    assert_eq!(answer.fields.len(), 1);
    assert_eq!(info(&server).fields["contract"]["license_keys_count"], 2);
    let licenses = server.command(&["license", "list", "--status", "available"]);
    assert_eq!((&licenses[0]["product_id"], &licenses[0]["validity"]), (&json!(1), &json!(30)));
    let draw = server.post("random-assign-license-keys", &[("product_id", "1")]);
    assert_eq!((draw.code, &draw.fields["available_quantity"]), (802, &json!(0)));
    assert_eq!(server.post("assign-license-key", &[("license_key", &keys(&answer)[0])]).code, 800);
    assert_eq!(info(&server).fields["contract"]["license_keys_count"], 2);
}

#[test]
fn generating_is_refused_in_order() {
    let server = server();
    let refused = |code, message| {
        let answer = own(&server, "generate", &[("quantity", "6")]);
        expect(&answer, code, message);
        assert!(answer.fields.is_empty());
    };
    refused(1206, "Cannot generate this quantity");
    for quantity in ["0", "-1", "x", "", "99999999999999999999"] {
        assert_eq!(own(&server, "generate", &[("quantity", quantity)]).code, 1206);
    }
    assert_eq!(own(&server, "generate", &[("quantity", "5")]).code, 1300);
    refused(1205, "License keys limit reached");
    server.command(&["generator", "update", "1", "--inactive"]);
    refused(1203, "Generator not found");
    server.command(&["product", "create", "--name", "Retired", "--inactive"]);
    change(&server, "product_id", "3");
    refused(1202, "Product not found");
    change(&server, "can_generate", "0");
    refused(102, "The used API key doesn't have the required capability to access this endpoint");
    change(&server, "status", "inactive");
    refused(1200, "Contract not found");
}

#[test]
fn what_a_contract_does_not_allow_is_refused_to_everyone() {
    let server = TestServer::start_with(|config| config.http.status = keyseal::HttpStatus::Documented);
    add_contract(&server, KEY, "1");
    for field in ["can_get_info", "can_generate", "can_destroy", "can_destroy_all"] {
        change(&server, field, "0");
    }
    let refused = |answer: Answer| assert_eq!((answer.status, answer.code), (401, 102));
    refused(info(&server));
    refused(server.get(&format!("/v1/contracts/get-info?contract_id=1&api_key={}", server.api_key)));
    for endpoint in ["generate", "destroy", "destroy-all"] {
        refused(own(&server, endpoint, &[]));
        refused(server.post(&format!("contracts/{endpoint}"), &[("contract_id", "1")]));
    }
    change(&server, "status", "inactive");
    assert_eq!(info(&server).code, 1200);
    for endpoint in ["destroy", "destroy-all"] {
        assert_eq!(own(&server, endpoint, &[]).code, 1200);
    }
}

#[test]
fn a_destroyed_key_is_gone_and_makes_room_for_another() {
    let server = server();
    let made = keys(&own(&server, "generate", &[("quantity", "5")]));
    server.post("assign-license-key", &[("license_key", &made[0])]);
    server.command(&["license", "activate", &made[0], "--identifier", "d"]);
    assert_eq!(own(&server, "generate", &[("quantity", "1")]).code, 1205);
    let destroyed = own(&server, "destroy", &[("license_key", &made[0].to_uppercase())]);
    expect(&destroyed, 1400, "License key deleted");
    assert_eq!(server.post("verify", &[("license_key", &made[0]), ("identifier", "d")]).code, 210);
    assert_eq!(own(&server, "generate", &[("quantity", "1")]).code, 1300);
}

#[test]
fn only_the_contracts_own_keys_can_be_destroyed() {
    let server = server();
    server.command(&["generator", "create", "--product", "2", "--method", "uuid"]);
    let others = server.post_form("/v1/contracts/generate", &[("contract_key", OTHER), ("quantity", "1")]);
    server.add_license(&License::default());
    let others = keys(&others);
    for license_key in [others[0].as_str(), "KEY-1", "NOBODY", ""] {
        expect(&own(&server, "destroy", &[("license_key", license_key)]), 1401, "License key not found");
    }
    let gone = [("license_key", others[0].as_str()), ("contract_id", "9")];
    assert_eq!(server.post("contracts/destroy", &gone).code, 1200);
    assert_eq!(server.command(&["license", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn for_an_api_key_the_license_says_whose_it_is() {
    let server = server();
    let made = keys(&own(&server, "generate", &[("quantity", "2")]));
    server.add_license(&License::default());
    let destroy =
        |license_key: &str| server.post_json("contracts/destroy", &json!({ "license_key": license_key }));
    expect(&destroy(&made[0]), 1400, "License key deleted");
    for license_key in [made[0].as_str(), "KEY-1", ""] {
        expect(&destroy(license_key), 1401, "License key not found");
    }
    change(&server, "can_destroy", "0");
    assert_eq!(destroy(&made[1]).code, 102);
    change(&server, "status", "inactive");
    assert_eq!(destroy(&made[1]).code, 1200);
}

#[test]
fn all_keys_of_a_contract_are_destroyed_at_once_and_no_others() {
    let server = server();
    own(&server, "generate", &[("quantity", "4")]);
    server.add_license(&License::default());
    let answer = own(&server, "destroy-all", &[]);
    expect(&answer, 1500, "License keys deleted");
    assert_eq!(json!(answer.fields), json!({ "count": 4 }));
    expect(&own(&server, "destroy-all", &[]), 1501, "No license keys found");
    let left: Value = server.command(&["license", "list"]);
    assert_eq!((left.as_array().unwrap().len(), &left[0]["license_key"]), (1, &json!("KEY-1")));
}

#[test]
fn the_quota_is_exact_however_many_generate() {
    let server = server();
    change(&server, "license_keys_quantity", "50");
    let answers: Vec<Answer> = thread::scope(|scope| {
        let server = &server;
        let owners: Vec<_> = (0..64)
            .map(|number| {
                let quantity = if number % 2 == 0 { "1" } else { "3" };
                scope.spawn(move || own(server, "generate", &[("quantity", quantity)]))
            })
            .collect();
        owners.into_iter().map(|owner| owner.join().unwrap()).collect()
    });
    let made: HashSet<String> = answers.iter().filter(|answer| answer.code == 1300).flat_map(keys).collect();
    assert!(answers.iter().all(|answer| [1300, 1205, 1206].contains(&answer.code)));
    assert!((48..=50).contains(&made.len()), "{}", made.len());
    assert_eq!(info(&server).fields["contract"]["license_keys_count"], made.len());
}

#[test]
fn an_owner_who_repeats_himself_gets_his_own_answer_again() {
    let server = server();
    server.command(&["generator", "create", "--product", "2", "--method", "uuid"]);
    let generate = |key: &str| {
        let headers = [("X-API-Key", key), ("Idempotency-Key", "same")];
        keys(&server.post_with_headers("contracts/generate", &headers, &[("quantity", "1")]))
    };
    assert_eq!(generate(KEY), generate(KEY));
    assert_ne!(generate(KEY), generate(OTHER));
}

#[test]
fn whoever_used_a_destroyed_key_is_told() {
    let server = server_with(|config| config.webhooks.allow_private_targets = true);
    let receiver = Receiver::answering(&[200]);
    let url = receiver.url("/gone");
    let made = keys(&own(&server, "generate", &[("quantity", "3")]));
    let activate = |license_key: &str, identifier: &str| {
        server.post("assign-license-key", &[("license_key", license_key)]);
        let fields = [("license_key", license_key), ("identifier", identifier), ("post_url", &url)];
        assert_eq!(server.post("activate", &fields).code, 300);
    };
    let told = |license_key: &str, identifier: &str| {
        let answer = server.answer(200, &receiver.next().body);
        assert_eq!((answer.code, answer.signer.as_str()), (400, "product"));
        assert_eq!(json!(answer.fields), json!({ "license_key": license_key, "identifier": identifier }));
    };
    activate(&made[0], "a");
    assert_eq!(own(&server, "destroy", &[("license_key", &made[0])]).code, 1400);
    told(&made[0], "a");
    activate(&made[1], "b");
    assert_eq!(own(&server, "destroy-all", &[]).fields["count"], 2);
    told(&made[1], "b");
}
