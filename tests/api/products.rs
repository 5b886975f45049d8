//! Products: making, changing, deleting, listing and showing them, and their public keys.

use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer, execute};

const CREATE: &str = "create-product";
const UPDATE: &str = "update-product";

fn get(server: &TestServer, endpoint: &str, query: &str) -> Answer {
    server.get(&format!("/api/v1/{endpoint}?api_key={}{query}", server.api_key))
}

fn product(server: &TestServer, id: i64) -> Value {
    get(server, "get-product", &format!("&product_id={id}")).fields["product"].clone()
}

fn expect(answer: &Answer, code: i64, message: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, "global"));
}

fn refused(answer: &Answer, code: i64, errors: &Value) {
    expect(answer, code, "Incorrect data found");
    assert_eq!(answer.fields["errors"].to_string(), errors.to_string());
    assert_eq!(answer.fields.len(), 1);
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The fields of a product in a list, in their order.
const LISTED: [&str; 11] = [
    "id",
    "external_reference",
    "source",
    "name",
    "post_url",
    "description",
    "status",
    "require_non_expired",
    "created_at",
    "updated_at",
    "meta_data",
];

#[test]
fn a_new_product_is_answered_with_its_id_and_has_defaults() {
    let server = TestServer::start();
    let answer = server.post(CREATE, &[("name", " Product "), ("description", "What it is")]);
    expect(&answer, 750, "Product created");
    let time = answer.timestamp;
    assert_eq!(
        answer.response,
        format!(r#"{{"code":750,"message":"Product created","product_id":3,"timestamp":{time}}}"#)
    );
    let made = product(&server, 3);
    assert_eq!(names(&made)[..11], LISTED);
    assert_eq!(names(&made)[11..], ["uuid", "slug", "features"]);
    for (field, value) in [
        ("id", json!(3)),
        ("external_reference", json!("")),
        ("source", json!("internal")),
        ("name", json!("Product")),
        ("post_url", json!("")),
        ("description", json!("What it is")),
        ("status", json!("active")),
        ("require_non_expired", json!(0)),
        ("meta_data", json!([])),
        ("slug", json!(null)),
        ("features", json!([])),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(made["uuid"].as_str().unwrap().len(), 36);
    let created = made["created_at"].as_str().unwrap();
    assert!(created.len() == 27 && created.ends_with(".000000Z"), "{created}");
}

#[test]
fn a_product_keeps_all_that_is_said_about_it() {
    let server = TestServer::start();
    let fields = json!({
        "name": "P", "description": "D", "source": "Envato", "require_non_expired": true, "status": "inactive",
        "external_reference": 42, "slug": "my-Product_1", "changelog_enabled": 1, "image": "ignored",
        "features": {"export": {"max": 1.50}, "beta": []},
    });
    assert_eq!(server.post_json(CREATE, &fields).fields["product_id"], 3);
    let made = get(&server, "get-product", "&product_slug=MY-product_1");
    expect(&made, 631, "Product information retrieved successfully");
    let made = &made.fields["product"];
    for (field, value) in [
        ("source", json!("envato")),
        ("require_non_expired", json!(1)),
        ("status", json!("inactive")),
        ("external_reference", json!("42")),
        ("slug", json!("my-Product_1")),
        ("features", json!({"export": {"max": 1.5}, "beta": []})),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
}

#[test]
fn all_that_is_wrong_with_a_new_product_is_said_at_once() {
    let server = TestServer::start();
    refused(
        &server.post(CREATE, &[]),
        751,
        &json!({"name": ["The name field is required."], "description": ["The description field is required."]}),
    );
    refused(
        &server.post(CREATE, &[("name", "P"), ("description", "D"), ("status", "test")]),
        751,
        &json!({"status": ["The selected status is invalid."]}),
    );
    let fields = json!({
        "name": " ", "source": "elsewhere", "require_non_expired": 2, "status": "Active",
        "external_reference": "x".repeat(256), "slug": "a b", "changelog_enabled": "maybe",
        "features": "x".repeat(64 * 1024),
    });
    refused(
        &server.post_json(CREATE, &fields),
        751,
        &json!({
            "name": ["The name field is required."],
            "description": ["The description field is required."],
            "source": ["The selected source is invalid."],
            "require_non_expired": ["The require non expired field must be true or false."],
            "status": ["The selected status is invalid."],
            "external_reference": ["The external reference field must not be greater than 255 bytes."],
            "changelog_enabled": ["The changelog enabled field must be true or false."],
            "features": ["The features field must not be greater than 65536 bytes."],
            "slug": ["The selected slug is invalid."],
        }),
    );
    let fields = json!({"name": "x".repeat(256), "description": "a\0b"});
    refused(
        &server.post_json(CREATE, &fields),
        751,
        &json!({
            "name": ["The name field must not be greater than 255 bytes."],
            "description": ["The selected description is invalid."],
        }),
    );
    // None of them left anything behind: the next product has the next number.
    assert_eq!(server.post(CREATE, &[("name", "P"), ("description", "D")]).fields["product_id"], 3);
}

#[test]
fn an_update_changes_what_was_sent_and_nothing_else() {
    let server = TestServer::start();
    let all = [
        ("name", "P"),
        ("description", "D"),
        ("slug", "p"),
        ("features", "[1]"),
        ("external_reference", "e"),
    ];
    server.post(CREATE, &all);
    let before = product(&server, 3);
    expect(&server.post(UPDATE, &[("product_id", "3"), ("status", "inactive")]), 650, "Product updated");
    let after = product(&server, 3);
    for field in LISTED.into_iter().chain(["uuid", "slug", "features"]) {
        match field {
            "status" => assert_eq!(after[field], "inactive"),
            "updated_at" => {}
            _ => assert_eq!(after[field], before[field], "{field}"),
        }
    }
    let uuid = before["uuid"].as_str().unwrap();
    let fields = json!({
        "product_uuid": uuid, "name": "Q", "require_non_expired": "1", "source": "ENVATO", "slug": "p",
    });
    let answer = server.post_json(UPDATE, &fields);
    assert_eq!((answer.code, answer.fields.len()), (650, 0));
    let blank =
        [("product_slug", "P"), ("slug", ""), ("features", " "), ("external_reference", ""), ("status", "")];
    assert_eq!(server.post(UPDATE, &blank).code, 650);
    let after = product(&server, 3);
    assert_eq!(
        (&after["name"], &after["description"], &after["status"]),
        (&json!("Q"), &json!("D"), &json!("inactive"))
    );
    assert_eq!((&after["source"], &after["require_non_expired"]), (&json!("envato"), &json!(1)));
    assert_eq!(
        (&after["slug"], &after["features"], &after["external_reference"]),
        (&json!(null), &json!([]), &json!(""))
    );
    assert_eq!(server.post(UPDATE, &[("product_id", "3")]).code, 650);
}

#[test]
fn an_update_that_is_refused_changes_nothing() {
    let server = TestServer::start();
    for unknown in ["9", "nobody", "99999999999999999999", "-1"] {
        refused(
            &server.post(UPDATE, &[("product_id", unknown), ("name", "Q")]),
            651,
            &json!({"product_id": ["The selected product id is invalid."]}),
        );
    }
    refused(
        &server.post(UPDATE, &[("status", "test")]),
        651,
        &json!({
            "product_id": ["The product id field is required."],
            "status": ["The selected status is invalid."],
        }),
    );
    refused(
        &server.post(UPDATE, &[("product_id", "1"), ("name", ""), ("description", "D"), ("source", "x")]),
        651,
        &json!({"name": ["The name field is required."], "source": ["The selected source is invalid."]}),
    );
    assert_eq!(product(&server, 1)["name"], "With a key");
    assert_eq!(product(&server, 1)["description"], "");
}

#[test]
fn a_slug_belongs_to_one_product_and_reads_as_nothing_else() {
    let server = TestServer::start();
    let create = |slug: &str| server.post(CREATE, &[("name", "P"), ("description", "D"), ("slug", slug)]);
    assert_eq!(create("one").code, 750);
    assert_eq!(create("two").code, 750);
    let taken = json!({"slug": ["The slug has already been taken."]});
    refused(&create("ONE"), 751, &taken);
    refused(&server.post(UPDATE, &[("product_id", "4"), ("slug", "one")]), 651, &taken);
    let uuid = product(&server, 1)["uuid"].as_str().unwrap().to_owned();
    let invalid = json!({"slug": ["The selected slug is invalid."]});
    for slug in ["1", "-1", &uuid, "a/b", "..", "é", "a b"] {
        refused(&create(slug), 751, &invalid);
        refused(&server.post(UPDATE, &[("product_id", "4"), ("slug", slug)]), 651, &invalid);
    }
}

#[test]
fn two_who_take_the_same_slug_at_once_get_one_750_and_one_751() {
    let server = TestServer::start();
    for round in 0..10 {
        let slug = format!("slug-{round}");
        let create = || server.post(CREATE, &[("name", "P"), ("description", "D"), ("slug", &slug)]).code;
        let mut codes: Vec<i64> = thread::scope(|scope| {
            let racers: Vec<_> = (0..2).map(|_| scope.spawn(create)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        codes.sort_unstable();
        assert_eq!(codes, [750, 751]);
    }
}

#[test]
fn a_deleted_product_is_gone_and_its_licenses_are_not() {
    let server = TestServer::start();
    server.add_license(&License::default());
    server.post("create-product-meta", &[("product_id", "1"), ("key", "k"), ("value", "v")]);
    let license = [("license_key", "KEY-1"), ("identifier", "domain.ltd"), ("key", "k"), ("value", "v")];
    assert_eq!(server.post("create-license-key-meta", &license).code, 453);
    let answer = server.post("delete-product", &[("product_id", "1")]);
    expect(&answer, 550, "Product deleted");
    assert!(answer.fields.is_empty());
    for reference in ["1", "", "nobody"] {
        expect(&server.post("delete-product", &[("product_id", reference)]), 551, "Product not found");
    }
    assert_eq!(server.post("create-license-key-meta", &license).code, 203);
    // Its number is not given to another, which would own its licenses.
    assert_eq!(server.post(CREATE, &[("name", "P"), ("description", "D")]).fields["product_id"], 3);
}

#[test]
fn all_products_are_listed_by_id_with_their_metadata() {
    let server = TestServer::start();
    server.post("create-product-meta", &[("product_id", "2"), ("key", "b"), ("value", "1")]);
    server.post("create-product-meta", &[("product_id", "1"), ("key", "x"), ("value", "{}")]);
    server.post("create-product-meta", &[("product_id", "2"), ("key", "a"), ("value", "2")]);
    let answer = get(&server, "get-all-products", "");
    expect(&answer, 810, "All products");
    let rows = answer.fields["products"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(names(&rows[0]), LISTED);
    assert_eq!((&rows[0]["id"], &rows[0]["name"]), (&json!(1), &json!("With a key")));
    assert_eq!((&rows[1]["id"], &rows[1]["require_non_expired"]), (&json!(2), &json!(0)));
    assert_eq!(rows[0]["meta_data"], json!([{"key": "x", "value": "{}"}]));
    assert_eq!(rows[1]["meta_data"], json!([{"key": "b", "value": "1"}, {"key": "a", "value": "2"}]));
    for id in ["1", "2"] {
        server.post("delete-product", &[("product_id", id)]);
    }
    assert_eq!(get(&server, "get-all-products", "").fields["products"], json!([]));
}

#[test]
fn where_one_product_is_the_only_one_it_need_not_be_named() {
    let server = TestServer::start();
    for endpoint in ["get-product", "get-product-public-key"] {
        for query in ["", "&product_id=9", "&product_uuid=nobody"] {
            expect(&get(&server, endpoint, query), 551, "Product not found");
        }
    }
    server.post("delete-product", &[("product_id", "1")]);
    assert_eq!(get(&server, "get-product", "").fields["product"]["id"], 2);
    assert_eq!(get(&server, "get-product-public-key", "").code, 632);
    expect(&get(&server, "get-product", "&product_id=1"), 551, "Product not found");
}

#[test]
fn a_products_public_key_is_the_one_that_verifies_its_answers() {
    let server = TestServer::start();
    for (id, key) in [(1, &server.product_key), (2, &server.global_key)] {
        let uuid = product(&server, id)["uuid"].clone();
        let query = format!("&product_uuid={}", uuid.as_str().unwrap());
        let answer = get(&server, "get-product-public-key", &query);
        expect(&answer, 632, "Public key retrieved successfully");
        let members: Vec<&str> = answer.fields.keys().map(String::as_str).collect();
        assert_eq!(members, ["product_uuid", "public_key"]);
        assert_eq!((&answer.fields["product_uuid"], &answer.fields["public_key"]), (&uuid, &json!(key)));
    }
}

#[test]
fn a_public_key_that_the_database_does_not_hold_is_not_available() {
    let server = TestServer::start();
    execute(&server, "UPDATE products SET public_key = NULL");
    let answer = get(&server, "get-product-public-key", "&product_id=1");
    expect(&answer, 633, "Public key not available for product");
    assert!(answer.fields.is_empty());
    assert_eq!(get(&server, "get-product-public-key", "&product_id=2").code, 632);
}

#[test]
fn features_as_deep_as_they_may_be_are_in_an_answer_that_can_be_read() {
    let server = TestServer::start();
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let update = |depth| {
        let body =
            format!("{{\"api_key\":\"{}\",\"product_id\":1,\"features\":{}}}", server.api_key, nested(depth));
        server.post_body("update-product", "application/json", body.as_bytes()).code
    };
    // The object around it is a level too.
    assert_eq!((update(99), update(100)), (650, 1902));
    let answer = server.get(&format!("/api/v1/get-product?product_id=1&api_key={}", server.api_key));
    assert!(answer.response.contains(&nested(99)), "{answer:?}");
}
