//! `get-all-generators` and `generate`.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

fn server() -> TestServer {
    let server = TestServer::start();
    let create = ["generator", "create", "--method"];
    let words = ["uuid", "--product", "1", "--activation-limit", "1", "--validity", "365"];
    server.command(&[&create[..], &words].concat());
    let words = ["chunk-system", "--product", "2", "--prefix", "A-", "--suffix", "-Z", "--charset", "XYZ"];
    server.command(&[&create[..], &words, &["--chunk-length", "6", "--inactive"]].concat());
    server
}

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer));
}

fn all(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/api/v1/get-all-generators?api_key={}{query}", server.api_key))
}

fn generate(server: &TestServer, generator: &str, quantity: &str) -> Answer {
    server.post("generate", &[("generator_id", generator), ("quantity", quantity)])
}

fn keys(answer: &Answer) -> Vec<String> {
    let keys = answer.fields["licenseKeys"].as_array().unwrap();
    keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()
}

#[test]
fn all_generators_are_listed_under_products_in_the_documented_order() {
    let server = server();
    let answer = all(&server, "");
    expect(&answer, 820, "All generators", "global");
    let created = answer.fields["products"][0]["created_at"].as_str().unwrap();
    assert!(created.ends_with(".000000Z"));
    let first = format!(
        concat!(
            r#"{{"products":[{{"id":1,"product_id":1,"method":"uuid","prefix":"","suffix":"","#,
            r#""function_name":"","number_of_chunks":4,"chunk_length":4,"activation_limit":1,"#,
            r#""validity":365,"status":1,"charset":"0123456789ABCDEF","created_at":"{created}","#,
            r#""updated_at":"{created}"}},"#,
        ),
        created = created
    );
    assert!(json!(answer.fields).to_string().starts_with(&first), "{}", answer.response);
    let second = &answer.fields["products"][1];
    assert_eq!((&second["id"], &second["status"], &second["prefix"]), (&json!(2), &json!(0), &json!("A-")));
    assert_eq!(answer.fields["products"].as_array().unwrap().len(), 2);
}

#[test]
fn the_list_can_be_of_one_product() {
    let server = server();
    let ids = |query: &str| -> Vec<Value> {
        let answer = all(&server, query);
        answer.fields["products"].as_array().unwrap().iter().map(|each| each["id"].clone()).collect()
    };
    assert_eq!(ids("&product_id=2"), [2]);
    assert_eq!(ids("&product_uuid=1"), [1]);
    assert!(ids("&product_id=9").is_empty() && ids("&product_id=x").is_empty());
}

#[test]
fn generated_keys_are_in_the_pool_with_what_the_generator_gives_them() {
    let server = server();
    let answer = generate(&server, "1", "3");
    expect(&answer, 815, "Generated license keys", "product");
    assert_eq!(answer.fields.keys().collect::<Vec<_>>(), ["licenseKeys"]);
    let keys = keys(&answer);
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 3);
    assert!(keys.iter().all(|key| key.len() == 36 && key.as_bytes()[14] == b'4'), "{keys:?}");
    let licenses = server.command(&["license", "list", "--status", "available"]);
    for (license, key) in licenses.as_array().unwrap().iter().zip(&keys) {
        let rest = (&license["product_id"], &license["activation_limit"], &license["validity"]);
        assert_eq!(rest, (&json!(1), &json!(1), &json!(365)));
        assert_eq!((&license["license_key"], &license["assigned_at"]), (&json!(key), &Value::Null));
    }
    assert_eq!(licenses.as_array().unwrap().len(), 3);
}

#[test]
fn a_generator_is_asked_for_by_id_or_uuid_and_can_be_overridden() {
    let server = server();
    let uuid = server.command(&["generator", "update", "2", "--active"])["uuid"].clone();
    let body = json!({ "generator_uuid": uuid, "quantity": 1, "activation_limit": -1, "validity_days": 7 });
    let answer = server.post_json("generate", &body);
    expect(&answer, 815, "Generated license keys", "global");
    let key = &keys(&answer)[0];
    let chunks: Vec<&str> = key.split('-').collect();
    assert_eq!((chunks.len(), chunks[0], chunks[5]), (6, "A", "Z"), "{key}");
    let is_drawn = |chunk: &&str| chunk.len() == 6 && chunk.chars().all(|c| "XYZ".contains(c));
    assert!(chunks[1..5].iter().all(is_drawn), "{key}");
    let license = &server.command(&["license", "list"])[0];
    let rest = (&license["product_id"], &license["activation_limit"], &license["validity"]);
    assert_eq!(rest, (&json!(2), &json!(0), &json!(7)));
}

#[test]
fn a_generator_that_is_not_there_or_switched_off_makes_nothing() {
    let server = server();
    for generator in ["", "9", "2", "no-uuid", "99999999999999999999"] {
        let answer = generate(&server, generator, "x");
        expect(&answer, 806, "Generator not found", "global");
        assert!(answer.fields.is_empty());
    }
}

#[test]
fn what_is_wrong_with_an_order_is_said_field_by_field() {
    let server = server();
    let between = "The quantity field must be between 1 and 1000.";
    for (quantity, error) in [
        ("", "The quantity field is required."),
        ("0", between),
        ("-1", between),
        ("1001", between),
        ("1.5", between),
        ("99999999999999999999", between),
    ] {
        let answer = generate(&server, "1", quantity);
        expect(&answer, 901, "Incorrect data found", "global");
        assert_eq!(json!(answer.fields), json!({ "errors": { "quantity": [error] } }));
    }
    let wrong = json!({ "generator_id": 1, "quantity": 1, "activation_limit": -2, "validity": "x" });
    assert_eq!(
        json!(server.post_json("generate", &wrong).fields),
        json!({ "errors": {
            "activation_limit": ["The activation limit field must be at least 0."],
            "validity": ["The validity field must be an integer."],
        } })
    );
    assert_eq!(server.command(&["license", "list"]), json!([]));
    assert_eq!(keys(&generate(&server, "1", "1000")).len(), 1000);
}
