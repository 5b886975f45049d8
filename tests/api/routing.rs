//! Where the routes are, and what is answered where there is none.

use crate::support::TestServer;

#[test]
fn the_routes_are_under_three_prefixes_whatever_the_slashes() {
    let server = TestServer::start();
    for path in [
        "/api/v1/create-license-key-meta",
        "/v1/create-license-key-meta",
        "/api/api/v1/create-license-key-meta",
        "//api/v1/create-license-key-meta",
        "/api//v1///create-license-key-meta",
        "/v1/create-license-key-meta/",
    ] {
        let answer = server.post_form(path, &[("api_key", &server.api_key)]);
        assert_eq!((answer.status, answer.code), (200, 210), "{path}");
    }
}

#[test]
fn an_unknown_path_is_a_signed_404() {
    let server = TestServer::start();
    for path in
        ["/", "/api/v1", "/api/v2/create-license-key-meta", "/api/v1/create-license-key-metas", "/%00/%ff"]
    {
        let answer = server.get(path);
        let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
        assert_eq!(found, (404, 1904, "Unknown endpoint", "global"), "{path}");
    }
}

#[test]
fn another_method_is_a_signed_405_that_says_which_is_allowed() {
    let server = TestServer::start();
    let answer = server.get("/api/v1/create-license-key-meta");
    assert_eq!((answer.status, answer.code, answer.message.as_str()), (405, 1905, "Method not allowed"));
    assert_eq!(answer.allow.as_deref(), Some("POST"));
}
