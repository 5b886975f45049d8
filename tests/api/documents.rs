//! `GET /openapi.json`, `/postman.json` and `/docs`: whole, true to the routes, and harmless to whoever reads them.

use keyseal::HttpStatus;
use serde_json::Value;

use crate::support::{Document, TestServer, conform};

const PAGE: [&str; 6] =
    ["/docs", "/docs/page.css", "/docs/page.js", "/docs/try.js", "/docs/dom.js", "/docs/icon.svg"];

fn all() -> impl Iterator<Item = &'static str> {
    PAGE.into_iter().chain(["/openapi.json", "/postman.json"])
}

fn operations(api: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    api["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter().filter(|(name, _)| *name != "servers");
        operations.map(move |(method, operation)| (path, method, operation))
    })
}

#[test]
fn they_are_read_without_an_api_key_and_fetched_once() {
    let server = TestServer::start();
    for path in all() {
        let whole = server.fetch("GET", path, &[]);
        assert_eq!(whole.status(), 200, "{path}");
        let etag = whole.headers()["etag"].to_str().unwrap();
        assert_eq!(whole.headers()["cache-control"], "no-cache");
        assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
        let policy = whole.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        let head = server.fetch("HEAD", path, &[]);
        assert_eq!(head.headers()["content-length"], whole.body().len().to_string(), "{path}");
        assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
        for known in [etag, "*", &format!("\"other\", W/{etag}")] {
            assert_eq!(
                server.fetch("GET", path, &[("If-None-Match", known)]).status(),
                304,
                "{path} {known}"
            );
        }
        assert_eq!(server.fetch("GET", path, &[("If-None-Match", "\"other\"")]).status(), 200);
    }
}

#[test]
fn what_is_not_of_the_api_takes_get_and_head_only() {
    let server = TestServer::start();
    for path in all().chain(["/livez", "/readyz", "/.well-known/keyseal-keys.json"]) {
        let refused = server.fetch("DELETE", path, &[]);
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["allow"]),
            (405, &"GET, HEAD".parse().unwrap())
        );
        let body = String::from_utf8(refused.into_body()).unwrap();
        assert_eq!(server.answer(405, &body).code, 1905, "{path}");
    }
}

#[test]
fn a_server_that_is_told_so_has_none() {
    let server = TestServer::start_with(|config| config.pages.no_docs = true);
    for path in all() {
        assert_eq!(server.fetch("GET", path, &[]).status(), 404, "{path}");
        assert_eq!(server.get(path).code, 1904);
    }
    assert_eq!(server.get_plain("/livez").0, 200);
}

#[test]
fn the_document_names_the_address_that_customers_reach() {
    let server =
        TestServer::start_with(|config| config.pages.public_url = Some("https://keys.example/".to_owned()));
    let api: Value = serde_json::from_str(&server.get_plain("/openapi.json").1).unwrap();
    let urls: Vec<&str> =
        api["servers"].as_array().unwrap().iter().map(|server| server["url"].as_str().unwrap()).collect();
    let expected =
        ["https://keys.example/api/v1", "https://keys.example/v1", "https://keys.example/api/api/v1"];
    assert_eq!(urls, expected);
    assert_eq!(api["paths"]["/livez"]["servers"][0]["url"], "https://keys.example");
    let postman = server.get_plain("/postman.json").1;
    assert!(postman.contains(r#"{"key":"base_url","value":"https://keys.example/api/v1","#));
    assert!(!postman.contains("127.0.0.1"));
}

#[test]
fn the_document_has_every_path_of_every_route_and_its_capability() {
    let api = &Document::of(HttpStatus::Envelope).api;
    for (method, path, capability) in keyseal::paths() {
        let operation = &api["paths"][path][method.to_lowercase()];
        assert_eq!(operation["x-capability"], capability, "{method} {path}");
        assert!(operation["x-outcomes"].as_array().unwrap().len() >= 12, "{path}");
    }
    let ids: Vec<&str> =
        operations(api).map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len());
    // The demo's pages and the metrics are not below this address.
    let elsewhere = |path: &str| path.starts_with("/demo/") || path == "/metrics";
    for (methods, path) in keyseal::pages().filter(|(_, path)| !elsewhere(path)) {
        for method in methods.split(", ") {
            assert!(api["paths"][path][method.to_lowercase()].is_object(), "{method} {path}");
        }
    }
}

#[test]
fn examples_are_what_the_schemas_say() {
    for mode in [HttpStatus::Envelope, HttpStatus::Documented] {
        let document = Document::of(mode);
        let api = &document.api;
        let mut count = 0;
        for (path, _, operation) in operations(api) {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = document.resolve(response);
                let json = &response["content"]["application/json"];
                let Some(examples) = json["examples"].as_object() else { continue };
                for example in examples.values() {
                    let envelope = &document.resolve(example)["value"];
                    conform(api, &json["schema"], envelope)
                        .unwrap_or_else(|why| panic!("{path} {status}: {why}"));
                    count += 1;
                }
            }
            let form = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"];
            for name in form["example"].as_object().into_iter().flat_map(|example| example.keys()) {
                assert!(form["schema"]["properties"][name].is_object(), "{path} {name}");
            }
            let json = &operation["requestBody"]["content"]["application/json"];
            if json["example"].is_object() {
                conform(api, &json["schema"], &json["example"]).unwrap_or_else(|why| panic!("{path}: {why}"));
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let parameter = document.resolve(parameter);
                conform(api, &parameter["schema"], &parameter["example"])
                    .unwrap_or_else(|why| panic!("{path}: {why}"));
            }
        }
        assert!(count > 500, "{count}");
    }
}

#[test]
fn every_answer_of_the_api_is_under_the_status_that_its_mode_gives_it() {
    for (mode, refused, denied) in [(HttpStatus::Envelope, 200, 200), (HttpStatus::Documented, 401, 403)] {
        let api = &Document::of(mode).api;
        let outcomes = api["paths"]["/verify"]["post"]["x-outcomes"].as_array().unwrap();
        let status = |code| &outcomes.iter().find(|one| one["code"] == code).unwrap()["http_status"];
        assert_eq!((status(100), status(150), status(205)), (&refused.into(), &denied.into(), &200.into()));
        for (code, http) in [(1900, 500), (1901, 503), (1902, 400), (1908, 408), (1913, 413), (1915, 415)] {
            assert_eq!(*status(code), http);
        }
        for own in ["| 1904 | Unknown endpoint | 404 |", "| 1905 | Method not allowed | 405 |"] {
            assert!(api["info"]["description"].as_str().unwrap().contains(own));
        }
    }
}

#[test]
fn the_collection_has_a_request_for_every_route() {
    let server = TestServer::start();
    let collection: Value = serde_json::from_str(&server.get_plain("/postman.json").1).unwrap();
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    assert_eq!(collection["info"]["schema"], schema);
    let folders = collection["item"].as_array().unwrap().iter();
    let requests: Vec<&Value> = folders.flat_map(|folder| folder["item"].as_array().unwrap()).collect();
    let sent: Vec<(String, String)> = requests
        .iter()
        .map(|item| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&item["request"]["method"]), text(&item["request"]["url"]["raw"]))
        })
        .collect();
    let api = &Document::of(HttpStatus::Envelope).api;
    for (method, path, _) in keyseal::paths() {
        let is_alias = api["paths"][path][method.to_lowercase()]["deprecated"] == true;
        let path_with_variables = path.replace("/{", "/:").replace('}', "");
        let request = (method.to_owned(), format!("{{{{base_url}}}}{path_with_variables}"));
        assert_eq!(sent.contains(&request), !is_alias, "{path}");
    }
    for item in requests {
        for response in item["response"].as_array().unwrap() {
            let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
            assert!(response["name"].as_str().unwrap().starts_with(&code(&body)), "{response}");
        }
    }
}

fn code(envelope: &Value) -> String {
    envelope["response"]["code"].to_string().trim_matches('"').to_owned()
}

#[test]
fn behind_a_proxy_the_page_finds_its_files_below_the_public_path() {
    for (url, path) in [
        ("https://keys.example", "/docs/page.css"),
        ("https://keys.example/licenses/", "/licenses/docs/page.css"),
        ("https://keys.example/\"><script>", "/docs/page.css"),
    ] {
        let server = TestServer::start_with(|config| config.pages.public_url = Some(url.to_owned()));
        for page in ["/docs", "/docs/"] {
            let html = server.get_plain(page).1;
            assert!(html.contains(&format!("href=\"{path}\"")), "{url}");
            assert!(!html.contains("<script>") && !html.contains("{{"), "{url}");
        }
    }
}

#[test]
fn the_page_runs_under_its_own_policy() {
    let server = TestServer::start();
    let text = |path: &str| server.get_plain(path).1;
    let html = text("/docs");
    // The policy would stop all of these.
    for stopped in ["<style", " style=", "<script>", " onclick", " onload", "javascript:", "http:"] {
        assert!(!html.contains(stopped), "{stopped}");
    }
    for path in PAGE.into_iter().skip(1).filter(|path| !["/docs/try.js", "/docs/dom.js"].contains(path)) {
        assert!(html.contains(&format!("\"{path}\"")), "{path}");
    }
    for path in ["/docs/page.js", "/docs/try.js", "/docs/dom.js"] {
        let script = text(path);
        // Text goes into the page as text only; nothing is fetched from elsewhere or kept.
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "://",
            "Storage",
            "cookie",
        ] {
            assert!(!script.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn the_schema_check_rejects_what_a_schema_does_not_allow() {
    let root = serde_json::json!({ "a": { "type": "integer", "maximum": 3 } });
    let schema = serde_json::json!({
        "type": "object", "properties": { "n": { "$ref": "#/a" }, "l": { "type": "array", "items": { "const": 1 } } },
        "required": ["n"], "additionalProperties": false,
    });
    for (good, text) in [
        (true, r#"{"n":3,"l":[1,1]}"#),
        (false, r#"{"n":4}"#),
        (false, r#"{"n":"3"}"#),
        (false, r#"{"l":[1]}"#),
        (false, r#"{"n":1,"l":[2]}"#),
        (false, r#"{"n":1,"more":1}"#),
        (false, "[]"),
    ] {
        assert_eq!(conform(&root, &schema, &serde_json::from_str(text).unwrap()).is_ok(), good, "{text}");
    }
}
