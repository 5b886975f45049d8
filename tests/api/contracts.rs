//! `create-contract`, `update-contract`, `delete-contract`, `get-all-contracts`.

use serde_json::json;

use crate::support::{Answer, TestServer};

fn expect(answer: &Answer, code: i64, message: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, "global"));
}

pub const FORM: [(&str, &str); 10] = [
    ("contract_key", " C-1-0123456789ab "),
    ("contract_name", "Name"),
    ("contract_information", "Information"),
    ("product_id", "1"),
    ("license_keys_quantity", "5"),
    ("status", "active"),
    ("can_get_info", "1"),
    ("can_generate", "1"),
    ("can_destroy", "1"),
    ("can_destroy_all", "0"),
];

fn create(server: &TestServer) -> Answer {
    server.post("create-contract", &FORM)
}

fn all(server: &TestServer) -> Answer {
    server.get(&format!("/api/v1/get-all-contracts?api_key={}", server.api_key))
}

#[test]
fn a_new_contract_is_shown_with_the_types_of_a_form() {
    let server = TestServer::start();
    let answer = create(&server);
    expect(&answer, 841, "contract created");
    let now = answer.fields["contract"]["created_at"].as_str().unwrap();
    assert!(now.ends_with(".000000Z"));
    assert_eq!(
        json!(answer.fields).to_string(),
        format!(
            concat!(
                r#"{{"contract":{{"contract_key":"C-1-0123456789ab","name":"Name","information":"Information","#,
                r#""product_id":"1","license_keys_quantity":"5","status":"active","can_get_info":"1","#,
                r#""can_generate":"1","can_destroy":"1","can_destroy_all":"0","updated_at":"{now}","#,
                r#""created_at":"{now}","id":1,"license_keys_count":0}}}}"#,
            ),
            now = now
        )
    );
}

#[test]
fn a_new_contract_is_shown_with_the_types_of_json() {
    let server = TestServer::start();
    let uuid_is_no_number = json!({
        "contract_key": "C-2-0123456789abcdef", "contract_name": "N", "contract_information": "I", "product_uuid": 2,
        "license_keys_quantity": 5, "status": "inactive", "can_get_info": 1, "can_generate": "0",
        "can_destroy": false, "can_destroy_all": true,
    });
    let answer = server.post_json("create-contract", &uuid_is_no_number);
    expect(&answer, 841, "contract created");
    let contract = &answer.fields["contract"];
    for (field, value) in [
        ("product_id", json!(2)),
        ("license_keys_quantity", json!(5)),
        ("can_get_info", json!(1)),
        ("can_generate", json!("0")),
        ("can_destroy", json!(0)),
        ("can_destroy_all", json!(1)),
        ("status", json!("inactive")),
    ] {
        assert_eq!(contract[field], value, "{field}");
    }
}

#[test]
fn all_contracts_are_listed_with_whole_numbers() {
    let server = TestServer::start();
    expect(&all(&server), 846, "All contracts");
    assert_eq!(all(&server).fields["contracts"], json!([]));
    create(&server);
    let answer = all(&server);
    let now = answer.fields["contracts"][0]["created_at"].as_str().unwrap();
    assert_eq!(
        json!(answer.fields).to_string(),
        format!(
            concat!(
                r#"{{"contracts":[{{"id":1,"name":"Name","information":"Information","#,
                r#""contract_key":"C-1-0123456789ab","#,
                r#""license_keys_quantity":5,"product_id":1,"can_get_info":1,"can_generate":1,"#,
                r#""can_destroy":1,"can_destroy_all":0,"status":"active","created_at":"{now}","#,
                r#""updated_at":"{now}","license_keys_count":0}}]}}"#,
            ),
            now = now
        )
    );
}

#[test]
fn what_is_wrong_is_said_of_each_field_in_the_documented_order() {
    let server = TestServer::start();
    let errors = json!({
        "contract_key": "Contract key is required and must be unique.",
        "contract_name": "Contract name is required.",
        "contract_information": "Contract information is required.",
        "product_id": "Product Id must be a valid product Id.",
        "license_keys_quantity": "License keys quantity must be 1 or more.",
        "status": "Status must be active or inactive",
        "can_get_info": "Can get info must be 1 for true or 0 for false",
        "can_generate": "Can generate must be 1 for true or 0 for false",
        "can_destroy": "Can destroy must be 1 for true or 0 for false",
        "can_destroy_all": "Can destroy all must be 1 for true or 0 for false",
    });
    let nothing = server.post("create-contract", &[]);
    expect(&nothing, 825, "Incorrect data found");
    assert_eq!(nothing.fields["errors"].to_string(), errors.to_string());
    create(&server);
    for (field, value) in [
        ("contract_key", "C-1-0123456789ab"),
        ("contract_name", " "),
        ("contract_information", ""),
        ("product_id", "9"),
        ("license_keys_quantity", "0"),
        ("license_keys_quantity", "99999999999999999999"),
        ("status", "ended"),
        ("can_get_info", "2"),
        ("can_destroy_all", "yes"),
    ] {
        let mut form = FORM;
        form[0].1 = "C-2-0123456789abcdef";
        form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        let answer = server.post("create-contract", &form);
        expect(&answer, 825, "Incorrect data found");
        assert_eq!(answer.fields["errors"], json!({ field: errors[field] }), "{value}");
    }
    assert_eq!(all(&server).fields["contracts"].as_array().unwrap().len(), 1);
}

#[test]
fn a_text_over_its_limit_is_incorrect_data() {
    let server = TestServer::start();
    for (field, text, error) in [
        ("contract_key", "x".repeat(15), "Contract key must have at least 16 characters."),
        ("contract_key", "x".repeat(256), "Contract key must not be longer than 255 bytes."),
        ("contract_name", "x".repeat(256), "Contract name must not be longer than 255 bytes."),
        ("contract_name", "a\0b".to_owned(), "Contract name must not hold a NUL character."),
        (
            "contract_information",
            "x".repeat(64 * 1024 + 1),
            "Contract information must not be longer than 65536 bytes.",
        ),
    ] {
        let mut form = FORM;
        form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = &text;
        let answer = server.post("create-contract", &form);
        expect(&answer, 825, "Incorrect data found");
        assert_eq!(answer.fields["errors"], json!({ field: error }));
    }
}

#[test]
fn an_update_changes_what_is_sent_and_keeps_the_rest() {
    let server = TestServer::start();
    create(&server);
    let fields = [
        ("contract_id", "1"),
        ("contract_name", "Other"),
        ("can_destroy_all", "1"),
        ("contract_key", "C-1-0123456789ab"),
    ];
    let answer = server.post("update-contract", &fields);
    expect(&answer, 842, "contract updated");
    let contract = &answer.fields["contract"];
    let (created, updated) =
        (contract["created_at"].as_str().unwrap(), contract["updated_at"].as_str().unwrap());
    assert_eq!(
        contract.to_string(),
        format!(
            concat!(
                r#"{{"id":1,"name":"Other","information":"Information","contract_key":"C-1-0123456789ab","#,
                r#""license_keys_quantity":5,"product_id":1,"can_get_info":1,"can_generate":1,"#,
                r#""can_destroy":1,"can_destroy_all":"1","status":"active","created_at":"{created}","#,
                r#""updated_at":"{updated}","license_keys_count":0}}"#,
            ),
            created = created,
            updated = updated
        )
    );
    let mut all_fields = FORM.to_vec();
    all_fields.push(("contract_id", "1"));
    let answer = server.post("update-contract", &all_fields);
    assert_eq!(answer.fields["contract"]["license_keys_quantity"], "5");
    assert_eq!(answer.fields["contract"]["can_destroy_all"], "0");
}

#[test]
fn an_update_is_refused_whole() {
    let server = TestServer::start();
    create(&server);
    let mut second = FORM;
    second[0].1 = "C-2-0123456789abcdef";
    assert_eq!(server.post("create-contract", &second).fields["contract"]["id"], 2);
    for (field, value, error) in [
        ("contract_key", "C-1-0123456789ab", "Contract key is required and must be unique."),
        ("contract_key", "", "Contract key is required and must be unique."),
        ("contract_information", "", "Contract information is required."),
        ("product_id", "9", "Product Id must be a valid product Id."),
        ("status", "x", "Status must be active or inactive"),
    ] {
        let fields = [("contract_id", "2"), ("contract_name", "Never"), (field, value)];
        let answer = server.post("update-contract", &fields);
        expect(&answer, 825, "Incorrect data found");
        assert_eq!(answer.fields["errors"], json!({ field: error }));
    }
    for fields in [&[][..], &[("contract_id", "9")], &[("contract_uuid", "x"), ("status", "x")]] {
        expect(&server.post("update-contract", fields), 844, "Contract not found");
    }
    assert_eq!(all(&server).fields["contracts"][1]["name"], "Name");
}

#[test]
fn a_deleted_contract_leaves_its_licenses_to_be_assigned_by_name_and_in_no_pool() {
    let server = TestServer::start();
    create(&server);
    server.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    let key = server.post("contracts/generate", &[("contract_id", "1"), ("quantity", "1")]);
    assert_eq!(key.code, 1300);
    let draw = || server.post("random-assign-license-keys", &[("product_id", "1")]);
    assert_eq!(draw().fields["available_quantity"], 0);
    expect(&server.post("delete-contract", &[("contract_id", "1")]), 843, "contract deleted");
    expect(&server.post("delete-contract", &[("contract_id", "1")]), 844, "Contract not found");
    expect(&server.post("delete-contract", &[]), 844, "Contract not found");
    // Its owner may have given the key to somebody: nobody else may draw it.
    assert_eq!(draw().fields["available_quantity"], 0);
    let key = key.fields["license_keys"][0].as_str().unwrap();
    assert_eq!(server.post("assign-license-key", &[("license_key", key)]).code, 800);
}
