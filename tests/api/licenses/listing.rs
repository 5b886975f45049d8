//! `get-license-keys` and `get-available-license-keys-count`.

use serde_json::json;

use super::{CREATE, expect, fill_pool, get, keys, list, listed_keys, with};
use crate::support::{License, TestServer};

#[test]
fn a_list_is_limited_to_what_is_asked_for() {
    let server = TestServer::start();
    fill_pool(&server, 1, "pool-", 2);
    fill_pool(&server, 2, "other-", 2);
    for (key, product, name, email) in
        [("mine", 1, "Jane", "jane@example.com"), ("theirs", 2, "John", "Jane@Example.com")]
    {
        let owner =
            json!({ "product_id": product, "status": "assigned", "owner_name": name, "owner_email": email });
        server.post_json(CREATE, &with(keys(&json!([key])), &owner));
    }
    for (query, found) in [
        ("", &["pool-1", "pool-2", "other-1", "other-2", "mine", "theirs"][..]),
        ("product_id=1", &["pool-1", "pool-2", "mine"]),
        ("product_uuid=1", &["pool-1", "pool-2", "mine"]),
        ("product_id=%201%20", &["pool-1", "pool-2", "mine"]),
        ("status=available", &["pool-1", "pool-2", "other-1", "other-2"]),
        ("product_id=2&status=assigned", &["theirs"]),
        ("product_id=2&status=blocked", &[]),
        ("owner_email=JANE@example.COM", &["mine", "theirs"]),
        ("customer_email=jane@example.com&status=assigned&product_id=1", &["mine"]),
        ("owner_name=john", &["theirs"]),
        ("owner_name=jane&owner_email=jane@example.com", &["mine"]),
        ("owner_name=Jan", &[]),
        ("owner_email=%25", &[]),
        ("owner_email=&status=&product_id=1", &["pool-1", "pool-2", "mine"]),
        ("product_id=9", &[]),
        ("product_id=99999999999999999999", &[]),
        ("product_id=x'%20OR%201=1--", &[]),
        ("status=active", &["mine", "theirs"]),
        ("status=suspended", &[]),
        ("status=revoked&product_id=1", &[]),
        ("status=inactive", &[]),
        ("status=Assigned", &[]),
        ("product_id=1&status=x", &[]),
    ] {
        assert_eq!(listed_keys(&server, query), found, "{query}");
    }
}

#[test]
fn a_list_comes_in_pages() {
    let server = TestServer::start();
    fill_pool(&server, 1, "K", 23);
    fill_pool(&server, 2, "other", 1);
    for (query, first, count) in [
        ("", "K1", 10),
        ("page=2", "K11", 10),
        ("page=3&product_id=1&status=available", "K21", 3),
        ("page=3&items_per_page=5", "K11", 5),
        ("page=3&per_page=5&product_id=1", "K11", 5),
        ("page=5&items_per_page=5&status=available", "K21", 4),
        ("items_per_page=1000000", "K1", 24),
        ("page=0&items_per_page=0", "K1", 10),
        ("page=-1&items_per_page=-5", "K1", 10),
        ("page=1.5&items_per_page=x", "K1", 10),
    ] {
        let found = listed_keys(&server, query);
        assert_eq!((found.first().map(String::as_str), found.len()), (Some(first), count), "{query}");
    }
    for page in ["4", "25", "9223372036854775807", "99999999999999999999999"] {
        assert!(list(&server, &format!("page={page}&items_per_page=10")).is_empty());
        assert!(list(&server, &format!("page={page}&items_per_page=1000&product_id=1")).is_empty());
    }
}

#[test]
fn an_empty_server_has_an_empty_list() {
    let server = TestServer::start();
    let answer = get(&server, "get-license-keys", "");
    assert_eq!(
        answer.response,
        format!(
            r#"{{"code":730,"message":"License keys","license_keys":[],"timestamp":{}}}"#,
            answer.timestamp
        )
    );
}

#[test]
fn only_what_is_available_is_counted_and_only_of_that_product() {
    let server = TestServer::start();
    fill_pool(&server, 1, "pool-", 3);
    for (key, status) in [("A", "assigned"), ("R", "reserved"), ("B", "blocked")] {
        server.add_license(&License { key, status, identifiers: &[], ..License::default() });
    }
    for (query, count) in
        [("product_id=1", 3), ("product_uuid=1&generator_uuid=x", 3), ("product_id=2", 0), ("productId=2", 0)]
    {
        let answer = get(&server, "get-available-license-keys-count", query);
        expect(&answer, 741, "Available license keys count", "global");
        let expected = format!(
            r#"{{"code":741,"message":"Available license keys count","count":{count},"timestamp":{}}}"#,
            answer.timestamp
        );
        assert_eq!(answer.response, expected);
    }
    for query in ["", "product_id=", "product_id=9", "product_id=-1", "product_id=x"] {
        let answer = get(&server, "get-available-license-keys-count", query);
        expect(&answer, 740, "Product doesn't exist", "global");
        assert!(answer.fields.is_empty());
    }
}

#[test]
fn a_product_is_found_by_its_uuid_and_its_slug() {
    let server = TestServer::start();
    fill_pool(&server, 2, "other-", 1);
    let slug = [("product_id", "1"), ("slug", "the-product")];
    assert_eq!(server.post("update-product", &slug).code, 650);
    let product = get(&server, "get-product", "product_id=1");
    let uuid = product.fields.values().find_map(|product| product["uuid"].as_str()).unwrap().to_owned();
    for (number, reference) in [uuid.as_str(), "the-product"].into_iter().enumerate() {
        let fields =
            with(keys(&json!([reference])), &json!({ "product_id": null, "product_uuid": reference }));
        expect(&server.post_json(CREATE, &fields), 900, "License keys creation result", "product");
        assert_eq!(list(&server, &format!("product_uuid={reference}")).len(), number + 1);
        let count = get(&server, "get-available-license-keys-count", &format!("product_slug={reference}"));
        assert_eq!(count.fields["count"], number + 1);
    }
}
