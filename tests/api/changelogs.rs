//! `GET /products/{slug}/changelog` and `GET /get-product-changelog`.

use std::fs;

use ::keyseal::Config;
use serde_json::json;

use crate::support::{Answer, TestServer, keyseal, try_keyseal};

/// A server with product 3, slug `my-app_2`, whose changelog is shown.
fn server(configure: impl FnOnce(&mut Config)) -> TestServer {
    let server = TestServer::start_with(configure);
    server.command(&["product", "create", "--name", "My App", "--slug", "my-app_2", "--changelog"]);
    let file = server.data().join("app.zip");
    for (number, options) in [
        ("101", &["--summary", "First", "--changelog", "All", "--release-date", "2024-02-27"][..]),
        ("102", &["--summary", "Second", "--changelog", "More", "--release-date", "2024-02-26"]),
        ("103", &["--draft"]),
    ] {
        fs::write(&file, number).unwrap();
        let words =
            ["download", "add", file.to_str().unwrap(), "--product", "3", "--numeric-version", number];
        server.command(&[&words, &["--version", number][..], options].concat());
    }
    server
}

fn of_product(server: &TestServer, query: &str) -> Answer {
    server.get(&format!("/api/v1/get-product-changelog?api_key={}{query}", server.api_key))
}

fn found(answer: &Answer) -> (u16, i64, &str, &str) {
    (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str())
}

#[test]
fn anyone_may_read_what_is_new_the_newest_first() {
    let server = server(|_| {});
    for path in ["/api/v1", "/v1", "/api/api/v1"] {
        let answer = server.get(&format!("{path}/products/MY-app%5F2/changelog"));
        assert_eq!(
            answer.response,
            format!(
                concat!(
                    r#"{{"code":1600,"message":"Changelog retrieved successfully","product":{{"name":"My App","#,
                    r#""slug":"my-app_2"}},"changelog":[{{"version":"102","numeric_version":102,"#,
                    r#""release_date":"2024-02-26 00:00:00","update_summary":"Second","changelog":"More"}},{{"#,
                    r#""version":"101","numeric_version":101,"release_date":"2024-02-27 00:00:00","#,
                    r#""update_summary":"First","changelog":"All"}}],"timestamp":{}}}"#,
                ),
                answer.timestamp
            )
        );
        assert_eq!(answer.signer, "global");
    }
}

#[test]
fn a_product_without_versions_has_an_empty_changelog() {
    let server = TestServer::start();
    server.command(&["product", "create", "--name", "New", "--slug", "new-1", "--changelog"]);
    let answer = server.get("/v1/products/new%2D1/changelog");
    assert!(answer.response.contains(r#""changelog":[],"timestamp""#), "{}", answer.response);
}

#[test]
fn what_is_not_shown_is_refused() {
    let server = server(|_| {});
    server.command(&["product", "create", "--name", "Silent", "--slug", "silent"]);
    for slug in ["none", "3", "%ff"] {
        let answer = server.get(&format!("/v1/products/{slug}/changelog"));
        assert_eq!(found(&answer), (200, 551, "Product not found", "global"), "{slug}");
    }
    let answer = server.get("/v1/products/silent/changelog");
    assert_eq!(found(&answer), (200, 1602, "Changelog not enabled for this product", "global"));
    assert_eq!(found(&of_product(&server, "&product_slug=silent")).1, 1602);
    let answer = server.post_form("/v1/products/silent/changelog", &[]);
    assert_eq!((answer.code, answer.allow.as_deref()), (1905, Some("GET")));
    server.command(&["block", "add", "--ip", "127.0.0.1"]);
    assert_eq!(found(&server.get("/v1/products/silent/changelog")), (200, 150, "Access denied", "global"));
}

#[test]
fn a_server_that_shows_no_changelogs_says_so_before_anything_else() {
    let server = server(|config| config.pages.no_changelog = true);
    let message = "Changelog feature is disabled globally";
    for slug in ["my-app_2", "none"] {
        let answer = server.get(&format!("/v1/products/{slug}/changelog"));
        assert_eq!(found(&answer), (200, 1601, message, "global"));
    }
    assert_eq!(found(&of_product(&server, "&product_id=3")), (200, 1601, message, "global"));
}

#[test]
fn with_an_api_key_a_product_is_named_as_clients_name_it() {
    let server = server(|_| {});
    for query in ["&product_id=3", "&product_slug=My-App_2"] {
        let answer = of_product(&server, query);
        assert_eq!(found(&answer), (200, 1600, "Changelog retrieved successfully", "global"), "{query}");
        assert_eq!(answer.fields["changelog"].as_array().unwrap().len(), 2);
    }
    for query in ["", "&product_id=9", "&product_uuid=none"] {
        assert_eq!(of_product(&server, query).code, 551, "{query}");
    }
    let weak = server.add_api_key(&["--capability", "verify"]);
    assert_eq!(server.get(&format!("/v1/get-product-changelog?api_key={weak}&product_id=3")).code, 102);
    assert_eq!(server.get("/v1/get-product-changelog?product_id=3").code, 100);
}

#[test]
fn the_only_product_need_not_be_named() {
    // The data of another server, with the same key and no product yet.
    let data = tempfile::tempdir().unwrap();
    let mut api_key = None;
    let server = TestServer::start_with(|config| {
        let key = config.data.path().join("keys/global.pem");
        keyseal(data.path(), &["signing-key", "import", key.to_str().unwrap()]);
        api_key = keyseal(data.path(), &["init"])["api_key"].as_str().map(str::to_owned);
        *config = Config::local(data.path());
    });
    let path = format!("/v1/get-product-changelog?api_key={}", api_key.unwrap());
    assert_eq!(server.get(&path).code, 551);
    keyseal(data.path(), &["product", "create", "--name", "Only", "--changelog"]);
    let answer = server.get(&path);
    assert_eq!((answer.code, &answer.fields["product"]), (1600, &json!({ "name": "Only", "slug": null })));
    assert_eq!(server.get(&format!("{path}&product_id=2")).code, 551);
}

#[test]
fn a_slug_is_taken_once() {
    let server = server(|_| {});
    let words = ["product", "create", "--name", "Again", "--slug", "My App/2"];
    assert!(!try_keyseal(server.data(), &words).0);
}
