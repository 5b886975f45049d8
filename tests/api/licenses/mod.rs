//! `create-license-keys`, `update-license-key`, `delete-license-key`, `get-license-keys`,
//! `get-available-license-keys-count`.

mod creating;
mod deleting;
mod listing;
mod updating;

use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

const CREATE: &str = "create-license-keys";
const UPDATE: &str = "update-license-key";

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer), "{answer:?}");
}

/// What a request to create these keys in the pool of product 1 says.
fn keys(license_keys: &Value) -> Value {
    json!({
        "license_keys": license_keys, "product_id": 1, "activation_limit": 3, "validity": 30, "status": "available",
    })
}

fn with(mut fields: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields
}

fn get(server: &TestServer, endpoint: &str, query: &str) -> Answer {
    server.get(&format!("/api/v1/{endpoint}?api_key={}&{query}", server.api_key))
}

fn list(server: &TestServer, query: &str) -> Vec<Value> {
    let answer = get(server, "get-license-keys", query);
    expect(&answer, 730, "License keys", "global");
    answer.fields["license_keys"].as_array().unwrap().clone()
}

fn listed_keys(server: &TestServer, query: &str) -> Vec<String> {
    list(server, query).iter().map(|license| license["license_key"].as_str().unwrap().to_owned()).collect()
}

fn license(server: &TestServer, key: &str) -> Value {
    let all = list(server, "items_per_page=1000");
    all.into_iter().find(|license| license["license_key"] == key).unwrap()
}

/// `prefix1`, `prefix2`, … in the pool of a product.
fn fill_pool(server: &TestServer, product: i64, prefix: &str, count: usize) {
    let names: Vec<String> = (1..=count).map(|number| format!("{prefix}{number}")).collect();
    let answer = server.post_json(CREATE, &with(keys(&json!(names)), &json!({ "product_id": product })));
    assert_eq!(answer.fields["created"], count);
}
