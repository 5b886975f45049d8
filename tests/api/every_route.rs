//! What holds for every route, by a loop over the route table.

use crate::support::{Answer, TestServer};

fn call(server: &TestServer, method: &str, path: &str, api_key: &str) -> Answer {
    match method {
        "GET" => server.get(&format!("/api/v1{path}?api_key={api_key}")),
        "POST" => server.post_form(&format!("/api/v1{path}"), &[("api_key", api_key)]),
        other => panic!("a route with the method {other}"),
    }
}

#[test]
fn no_route_answers_a_key_that_may_not_call_it() {
    for mode in [keyseal::HttpStatus::Envelope, keyseal::HttpStatus::Documented] {
        let server = TestServer::start_with(|config| config.http.status = mode);
        let status = |documented| if mode == keyseal::HttpStatus::Envelope { 200 } else { documented };
        let inactive = server.add_api_key(&["--capability", "*", "--inactive"]);
        let elsewhere = server.add_api_key(&["--capability", "*", "--allow-ip", "203.0.113.0/24"]);
        let none = server.add_api_key(&[]);
        for (method, path, _) in keyseal::paths() {
            for (api_key, code) in
                [("", 100), ("unknown", 100), (&inactive, 101), (&elsewhere, 103), (&none, 102)]
            {
                let answer = call(&server, method, path, api_key);
                assert_eq!((answer.status, answer.code), (status(401), code), "{path}");
                assert_eq!(answer.signer, "global");
            }
        }
        server.command(&["block", "add", "--ip", "127.0.0.1"]);
        for (method, path, _) in keyseal::paths() {
            for api_key in ["", &server.api_key] {
                let answer = call(&server, method, path, api_key);
                assert_eq!((answer.status, answer.code), (status(403), 150), "{path}");
            }
        }
    }
}

#[test]
fn a_key_with_all_capabilities_but_one_may_call_all_routes_but_that() {
    let server = TestServer::start();
    let capabilities: Vec<&str> = {
        let mut all: Vec<&str> = keyseal::paths().map(|(_, _, capability)| capability).collect();
        all.dedup();
        all
    };
    for (method, path, missing) in keyseal::paths() {
        let others = capabilities.iter().filter(|capability| **capability != missing);
        let options: Vec<&str> = others.flat_map(|capability| ["--capability", *capability]).collect();
        assert_eq!(call(&server, method, path, &server.add_api_key(&options)).code, 102, "{path}");
        let only = server.add_api_key(&["--capability", missing]);
        assert!(call(&server, method, path, &only).code >= 200, "{path}");
    }
}

#[test]
fn a_blocked_identifier_is_denied_everywhere() {
    let server = TestServer::start();
    server.command(&["block", "add", "--identifier", "stolen"]);
    for (method, path, _) in keyseal::paths() {
        let path = format!("{path}?identifier=STOLEN");
        let answer = match method {
            "GET" => server.get(&format!("/api/v1{path}&api_key={}", server.api_key)),
            _ => server.post_form(&format!("/api/v1{path}"), &[("api_key", &server.api_key)]),
        };
        // This one explains the refusal.
        let expected = if path.starts_with("/explain-license-key?") { 1940 } else { 150 };
        assert_eq!(answer.code, expected, "{path}");
    }
}

#[test]
fn every_route_refuses_the_other_method_and_says_which_it_takes() {
    let server = TestServer::start();
    for (method, path, _) in keyseal::paths() {
        let other = if method == "GET" { "POST" } else { "GET" };
        let answer = call(&server, other, path, "");
        assert_eq!(
            (answer.status, answer.code, answer.allow.as_deref()),
            (405, 1905, Some(method)),
            "{path}"
        );
    }
}
