//! `random-assign-license-keys`: out of the pool, or generated.

use std::collections::HashSet;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer};

const RANDOM: &str = "random-assign-license-keys";

/// What a shop's table has a column for, in the documented order.
const ITEM: [&str; 13] = [
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

fn pool_of(size: usize) -> TestServer {
    let server = TestServer::start();
    for number in 0..size {
        let key = format!("POOL-{number}");
        let license =
            License { key: &key, status: "available", validity: 30, identifiers: &[], ..License::default() };
        server.add_license(&license);
    }
    server
}

fn expect(answer: &Answer, code: i64, message: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, "global"));
}

fn assign(server: &TestServer, fields: &[(&str, &str)]) -> Answer {
    server.post(RANDOM, &[&[("product_id", "1")], fields].concat())
}

fn items(answer: &Answer) -> &Vec<Value> {
    let items = answer.fields["license_keys"].as_array().unwrap();
    for item in items {
        assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), ITEM);
    }
    items
}

fn with_status(server: &TestServer, status: &str) -> usize {
    server.command(&["license", "list", "--status", status]).as_array().unwrap().len()
}

#[test]
fn keys_of_the_pool_go_to_their_owner_from_now_on() {
    let server = pool_of(3);
    let owner = [("owner_name", "Test User"), ("owner_email", "email@domain.ltd")];
    let answer = assign(&server, &[&owner[..], &[("quantity", "2"), ("generate", "0")]].concat());
    expect(&answer, 803, "License keys assigned");
    let item = &items(&answer)[0];
    let now = item["assigned_at"].as_str().unwrap();
    assert!(now.ends_with(".000000Z") && now > "2026", "{now}");
    assert_eq!(
        item,
        &json!({
            "product_id": 1, "license_key": "POOL-0", "activation_limit": 0, "validity": 30, "status": "assigned",
            "owner_name": "Test User", "owner_email": "email@domain.ltd", "assigned_at": now, "contract_id": null,
            "updated_at": now, "created_at": item["created_at"], "id": 1, "meta_data": [],
        })
    );
    assert_eq!(items(&answer)[1]["license_key"], "POOL-1");
    assert_eq!((with_status(&server, "assigned"), with_status(&server, "available")), (2, 1));
}

#[test]
fn one_key_is_given_if_no_quantity_is_said_and_no_owner_is_null() {
    let server = pool_of(2);
    let answer = server.post_json(RANDOM, &json!({ "product_uuid": 1 }));
    assert_eq!(items(&answer).len(), 1);
    assert_eq!(
        (&items(&answer)[0]["owner_name"], &items(&answer)[0]["owner_email"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn too_small_a_pool_gives_nothing_and_says_how_much_it_has() {
    let server = pool_of(2);
    for (key, status, product) in [("R", "reserved", 1), ("B", "blocked", 1), ("OTHER", "available", 2)] {
        server.add_license(&License { key, status, product, identifiers: &[], ..License::default() });
    }
    let answer = assign(&server, &[("quantity", "3")]);
    expect(&answer, 802, "Insufficient license keys");
    assert_eq!(json!(answer.fields), json!({ "available_quantity": 2 }));
    assert_eq!(with_status(&server, "assigned"), 0);
    assert_eq!(items(&assign(&server, &[("quantity", "2")])).len(), 2);
    assert_eq!(assign(&server, &[]).fields["available_quantity"], 0);
}

#[test]
fn generating_leaves_the_pool_untouched() {
    let server = pool_of(5);
    let create = ["generator", "create", "--product", "1", "--method", "uuid"];
    server.command(&[&create[..], &["--inactive"]].concat());
    server.command(&[&create[..], &["--activation-limit", "1", "--validity", "365"]].concat());
    server.command(&[&create[..], &["--prefix", "LATER-"]].concat());
    let owner =
        [("owner_name", "Not set"), ("owner_email", "e@x"), ("identifier", "1"), ("webhook_url", "x")];
    let answer = assign(&server, &[&owner[..], &[("quantity", "7"), ("generate", "1")]].concat());
    expect(&answer, 803, "License keys assigned");
    let now = items(&answer)[0]["assigned_at"].clone();
    for (number, item) in items(&answer).iter().enumerate() {
        assert_eq!(
            item,
            &json!({
                "product_id": 1, "license_key": item["license_key"], "activation_limit": 1, "validity": 365,
                "status": "assigned", "owner_name": "Not set", "owner_email": "e@x", "assigned_at": now,
                "contract_id": null, "updated_at": now, "created_at": now, "id": 6 + number, "meta_data": [],
            })
        );
        assert_eq!(item["license_key"].as_str().unwrap().len(), 36);
    }
    assert_eq!((with_status(&server, "assigned"), with_status(&server, "available")), (7, 5));
}

#[test]
fn naming_a_generator_is_asking_for_new_keys() {
    let server = pool_of(1);
    let words = ["generator", "create", "--product", "1", "--method", "uuid", "--prefix"];
    server.command(&[&words[..], &["A-"]].concat());
    let uuid = server.command(&[&words[..], &["B-"]].concat())["uuid"].as_str().unwrap().to_owned();
    let given = |field, value| {
        let answer = assign(&server, &[(field, value)]);
        items(&answer)[0]["license_key"].as_str().unwrap()[..2].to_owned()
    };
    assert_eq!(given("generator_uuid", &uuid), "B-");
    assert_eq!(given("generator_id", "1"), "A-");
    assert_eq!(with_status(&server, "available"), 1);
}

#[test]
fn what_is_not_there_is_refused_in_order() {
    let server = pool_of(1);
    let words = ["generator", "create", "--method", "uuid", "--product"];
    server.command(&[&words[..], &["1", "--inactive"]].concat());
    server.command(&[&words[..], &["2"]].concat());
    for (fields, code, message) in [
        (&[("product_id", "9"), ("generate", "1"), ("quantity", "0")][..], 805, "Product not found"),
        (&[("generate", "1")], 805, "Product not found"),
        (&[("product_id", "1"), ("generate", "1")], 806, "Generator not found"),
        (&[("product_id", "1"), ("generator_id", "1")], 806, "Generator not found"),
        (&[("product_id", "1"), ("generator_id", "2")], 806, "Generator not found"),
        (&[("product_id", "1"), ("generator_id", "x"), ("generate", "0")], 806, "Generator not found"),
    ] {
        let answer = server.post(RANDOM, fields);
        expect(&answer, code, message);
        assert!(answer.fields.is_empty());
    }
    assert_eq!((with_status(&server, "assigned"), with_status(&server, "available")), (0, 1));
}

#[test]
fn a_field_that_cannot_be_is_refused_by_name() {
    let server = pool_of(1);
    let long = "x".repeat(256);
    for (field, value, code) in [
        ("quantity", "1001", 1913),
        ("quantity", "0", 1902),
        ("quantity", "-1", 1902),
        ("quantity", "many", 1902),
        ("generate", "perhaps", 1902),
        ("owner_name", &long, 1913),
        ("owner_email", &long, 1913),
    ] {
        let answer = assign(&server, &[(field, value)]);
        assert_eq!((answer.code, json!(answer.fields)), (code, json!({ "field": field })), "{field}={value}");
    }
    assert_eq!(assign(&server, &[("quantity", "1000")]).code, 802);
}

#[test]
fn no_key_is_given_twice_however_many_ask() {
    let server = pool_of(20);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let buyers: Vec<_> = (0..64).map(|_| scope.spawn(|| assign(&server, &[("quantity", "1")]))).collect();
        buyers.into_iter().map(|buyer| buyer.join().unwrap()).collect()
    });
    let (given, refused): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.code == 803);
    let keys: HashSet<String> =
        given.iter().map(|answer| items(answer)[0]["license_key"].to_string()).collect();
    assert_eq!((given.len(), keys.len(), refused.len()), (20, 20, 44));
    for answer in refused {
        expect(&answer, 802, "Insufficient license keys");
        assert_eq!(answer.fields["available_quantity"], 0);
    }
}
