//! `create-license-keys` as newer clients call it: `licenses`, each made by a generator.

use serde_json::{Value, json};

use crate::support::{Answer, TestServer, keyseal};

const CREATE: &str = "create-license-keys";

/// Generator 1 and an inactive 2 of product 1, generator 3 of product 2.
fn server() -> TestServer {
    let server = TestServer::start();
    let create = ["generator", "create", "--method", "uuid", "--activation-limit", "5", "--validity", "365"];
    server.command(&[&create[..], &["--product", "1", "--prefix", "ONE-"]].concat());
    server.command(&[&create[..], &["--product", "1", "--inactive"]].concat());
    server.command(&[&create[..], &["--product", "2", "--prefix", "TWO-"]].concat());
    server
}

fn order(server: &TestServer, licenses: &Value) -> Answer {
    server.post_json(CREATE, &json!({ "licenses": licenses, "metadata": {} }))
}

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer), "{answer:?}");
}

fn licenses(server: &TestServer) -> Vec<Value> {
    keyseal(server.data(), &["license", "list"]).as_array().unwrap().clone()
}

#[test]
fn each_order_makes_a_key_and_the_keys_are_answered_in_order() {
    let server = server();
    let answer = order(
        &server,
        &json!([
            { "product_uuid": "1", "generator_uuid": "1", "customer_email": " jane@example.com " },
            { "generator_uuid": 1, "activation_limit": -1, "validity_days": 30 },
            { "product_id": 1, "customer_name": "John", "customer_email": "" },
        ]),
    );
    expect(&answer, 900, "License keys creation result", "product");
    let names: Vec<&String> = answer.fields.keys().collect();
    assert_eq!(names, ["created", "duplicate", "license_keys"]);
    assert_eq!((&answer.fields["created"], &answer.fields["duplicate"]), (&json!(3), &json!(0)));
    let found = licenses(&server);
    let keys: Vec<&Value> = found.iter().map(|license| &license["license_key"]).collect();
    assert_eq!(answer.fields["license_keys"].as_array().unwrap().iter().collect::<Vec<_>>(), keys);
    for (license, status, limit, validity, name, email) in [
        (&found[0], "assigned", 5, 365, Value::Null, json!("jane@example.com")),
        (&found[1], "available", 0, 30, Value::Null, Value::Null),
        (&found[2], "available", 5, 365, json!("John"), Value::Null),
    ] {
        assert!(license["license_key"].as_str().unwrap().starts_with("ONE-"));
        assert_eq!((&license["status"], &license["product_id"]), (&json!(status), &json!(1)));
        assert_eq!((&license["activation_limit"], &license["validity"]), (&json!(limit), &json!(validity)));
        assert_eq!((&license["owner_name"], &license["owner_email"]), (&name, &email));
        assert_eq!(license["assigned_at"].is_string(), status == "assigned");
    }
}

#[test]
fn a_product_signs_only_for_keys_that_are_all_its_own() {
    let server = server();
    for (products, signer) in [(&[1, 1][..], "product"), (&[2], "global"), (&[1, 2, 1], "global")] {
        let orders: Vec<Value> = products.iter().map(|product| json!({ "product_id": product })).collect();
        expect(&order(&server, &json!(orders)), 900, "License keys creation result", signer);
    }
}

#[test]
fn one_bad_order_is_said_by_its_place_and_none_is_carried_out() {
    let server = server();
    let nobody = "Item 2: There is no such product, or no such active generator of it.";
    for (bad, message) in [
        (json!({}), nobody),
        (json!("x"), nobody),
        (json!([[]]), nobody),
        (json!(null), nobody),
        (json!({ "product_id": 9 }), nobody),
        (json!({ "product_id": 9, "generator_id": 1 }), nobody),
        (json!({ "generator_id": 9 }), nobody),
        (json!({ "generator_id": 2 }), nobody),
        (json!({ "product_id": 1, "generator_id": 3 }), nobody),
        (
            json!({ "generator_id": 1, "activation_limit": -2 }),
            "Item 2: The activation limit field must be at least 0.",
        ),
        (
            json!({ "generator_id": 1, "validity_days": "x" }),
            "Item 2: The validity field must be an integer.",
        ),
        (
            json!({ "generator_id": 1, "customer_email": "x".repeat(256) }),
            "Item 2: The owner email field must not be greater than 255 bytes.",
        ),
    ] {
        let answer = order(&server, &json!([{ "generator_id": 1 }, bad]));
        expect(&answer, 901, "Incorrect data found", "global");
        assert_eq!(answer.fields["errors"], json!({ "licenses": [message] }));
    }
    let too_many = vec![json!({ "generator_id": 1 }); 10_001];
    for (orders, message) in [
        (json!("x"), "The licenses field must be an array."),
        (json!({}), "The licenses field must be an array."),
        (json!(too_many), "The licenses field must not have more than 10000 items."),
    ] {
        let answer = order(&server, &orders);
        expect(&answer, 901, "Incorrect data found", "global");
        assert_eq!(answer.fields["errors"], json!({ "licenses": [message] }));
    }
    assert!(licenses(&server).is_empty());
}

#[test]
fn no_orders_make_no_keys() {
    expect(&order(&server(), &json!([])), 902, "No license keys created", "global");
}

#[test]
fn a_list_of_keys_wins_over_orders() {
    let server = server();
    let answer =
        server.post_json(CREATE, &json!({ "licenses": [{ "generator_id": 1 }], "license_keys": ["A"] }));
    expect(&answer, 901, "Incorrect data found", "global");
    assert!(answer.fields["errors"].get("licenses").is_none());
}

#[test]
fn ten_thousand_orders_are_carried_out_in_one_call() {
    let server = server();
    let answer = order(&server, &json!(vec![json!({ "product_uuid": 1, "generator_uuid": 1 }); 10_000]));
    assert_eq!(answer.fields["created"], 10_000);
    assert_eq!(answer.fields["license_keys"].as_array().unwrap().len(), 10_000);
}

#[test]
fn what_stands_beside_the_orders_counts_for_each_that_does_not_say_otherwise() {
    let server = server();
    let body = json!({
        "product_uuid": 1, "customer_email": "jane@example.com", "validity_days": 30,
        "licenses": [{}, { "product_id": 2, "owner_email": "john@example.com" }, { "generator_id": 3, "validity": 7 }],
    });
    expect(&server.post_json(CREATE, &body), 900, "License keys creation result", "global");
    let found = licenses(&server);
    for (license, product, email, validity) in [
        (&found[0], 1, "jane@example.com", 30),
        (&found[1], 2, "john@example.com", 30),
        (&found[2], 2, "jane@example.com", 7),
    ] {
        assert_eq!((&license["product_id"], &license["owner_email"]), (&json!(product), &json!(email)));
        assert_eq!((&license["validity"], &license["status"]), (&json!(validity), &json!("assigned")));
    }
    let body = json!({ "generator_uuid": "3", "licenses": [{}, { "product_id": 1 }] });
    expect(&server.post_json(CREATE, &body), 900, "License keys creation result", "global");
    let products: Vec<Value> =
        licenses(&server).iter().skip(3).map(|license| license["product_id"].clone()).collect();
    assert_eq!(products, [json!(2), json!(1)]);
    let body = json!({ "product_uuid": 1, "validity_days": "x", "licenses": [{}] });
    let answer = server.post_json(CREATE, &body);
    expect(&answer, 901, "Incorrect data found", "global");
    assert_eq!(answer.fields["errors"], json!({ "validity": ["The validity field must be an integer."] }));
}
