//! `POST /access-downloadables` and `GET /download/…`: what is listed, what is sent, and what is refused in
//! which order.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Answer, License, TestServer, send_raw, try_keyseal};

const CONTENT: &[u8] = b"0123456789 the file";

/// A server with version 1.0.1 of product 1 and the license of `License::default`.
fn server() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License::default());
    add_version(&server, 1, 101, &["--release-date", "2024-02-27"]);
    server
}

fn file(server: &TestServer, name: &str, content: &[u8]) -> PathBuf {
    let path = server.data().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn add_version(server: &TestServer, product: i64, number: i64, options: &[&str]) -> Value {
    let path = file(server, "app.zip", CONTENT);
    let version = format!("1.0.{}", number - 100);
    let (product, number) = (product.to_string(), number.to_string());
    let words =
        ["download", "add", path.to_str().unwrap(), "--product", &product, "--numeric-version", &number];
    server.command(&[&words, &["--version", &version][..], options].concat())
}

fn list(server: &TestServer, license_key: &str, identifier: &str) -> Answer {
    server.post("access-downloadables", &[("license_key", license_key), ("identifier", identifier)])
}

fn path_of(api_key: &str, license_key: &str, identifier: &str, number: &str) -> String {
    let identifier = STANDARD.encode(identifier).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("/api/v1/download/{api_key}/{license_key}/{identifier}/{number}")
}

fn path(server: &TestServer) -> String {
    path_of(&server.api_key, "KEY-1", "domain.ltd", "101")
}

fn counter(server: &TestServer) -> Value {
    server.command(&["download", "list", "--product", "1"])[0]["download_counter"].clone()
}

#[test]
fn the_published_versions_are_listed_the_newest_first() {
    let server = server();
    add_version(
        &server,
        1,
        102,
        &["--summary", "Bugfixes", "--changelog", "All/bugs", "--release-date", "2024-02-28"],
    );
    add_version(&server, 1, 103, &["--draft"]);
    add_version(&server, 2, 104, &[]);
    let answer = list(&server, "key-1", "Domain.ltd");
    assert_eq!((answer.code, answer.message.as_str(), answer.signer.as_str()), (600, "Downloads", "product"));
    let (url, api_key) = (server.url(), &server.api_key);
    let link = |identifier, number| {
        format!("{url}/api/v1/download/{api_key}/KEY-1/{identifier}/{number}").replace('/', "\\/")
    };
    assert_eq!(
        answer.response,
        format!(
            concat!(
                r#"{{"code":600,"message":"Downloads","downloadables":[{{"id":2,"product_id":1,"#,
                r#""numeric_version":102,"version":"1.0.2","update_summary":"Bugfixes","#,
                r#""changelog":"All\/bugs","published":1,"release_date":"2024-02-28 00:00:00","#,
                r#""download_counter":0,"url":"{}"}},{{"id":1,"product_id":1,"numeric_version":101,"#,
                r#""version":"1.0.1","update_summary":"","changelog":"","published":1,"#,
                r#""release_date":"2024-02-27 00:00:00","download_counter":0,"url":"{}"}}],"timestamp":{}}}"#,
            ),
            link("RG9tYWluLmx0ZA%3D%3D", 102),
            link("RG9tYWluLmx0ZA%3D%3D", 101),
            answer.timestamp
        )
    );
}

#[test]
fn one_version_can_be_asked_for_and_none_is_an_empty_list() {
    let server = server();
    add_version(&server, 1, 102, &[]);
    for (version, numbers) in [("1.0.1", json!([101])), ("1.0", json!([])), ("", json!([102, 101]))] {
        let fields = [("license_key", "KEY-1"), ("identifier", "domain.ltd"), ("version", version)];
        let answer = server.post("access-downloadables", &fields);
        let found = answer.fields["downloadables"].as_array().unwrap();
        let found: Vec<&Value> = found.iter().map(|downloadable| &downloadable["numeric_version"]).collect();
        assert_eq!((answer.code, json!(found)), (600, numbers), "{version}");
    }
    server.add_license(&License { key: "OTHER", product: 2, ..License::default() });
    let answer = list(&server, "OTHER", "domain.ltd");
    assert_eq!(
        (answer.code, &answer.fields["downloadables"], answer.signer.as_str()),
        (600, &json!([]), "global")
    );
}

#[test]
fn a_link_holds_the_public_address_and_whatever_the_names_hold() {
    let server = TestServer::start_with(|config| {
        config.pages.public_url = Some("https://shop.example/keys/".to_owned());
    });
    let license = License { key: "Ab/ü?#%", identifiers: &["???>>>"], ..License::default() };
    server.add_license(&license);
    add_version(&server, 1, 101, &[]);
    let answer = list(&server, license.key, "???>>>");
    let url = answer.fields["downloadables"][0]["url"].as_str().unwrap().to_owned();
    let rest = format!("/api/v1/download/{}/Ab%2F%C3%BC%3F%23%25/Pz8%2FPj4%2B/101", server.api_key);
    assert_eq!(url, format!("https://shop.example/keys{rest}"));
    let response = server.fetch("GET", &rest, &[]);
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, CONTENT));
}

#[test]
fn without_a_public_address_a_link_names_the_host_that_was_called() {
    let proxied = |trusted: &str| {
        let networks = vec![trusted.parse().unwrap()];
        let server = TestServer::start_with(|config| config.http.trusted_proxies = networks);
        server.add_license(&License::default());
        add_version(&server, 1, 101, &[]);
        server
    };
    let (server, behind_proxy) = (proxied("192.0.2.1/32"), proxied("127.0.0.0/8"));
    let body = "license_key=KEY-1&identifier=domain.ltd";
    let base = |server: &TestServer, headers: &str| {
        let request = format!(
            "POST /v1/access-downloadables HTTP/1.1\r\n{headers}X-API-Key: {}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
            server.api_key,
            body.len()
        );
        let (status, body) = send_raw(server.address(), request.as_bytes(), false);
        let answer = server.answer(status, &body);
        let url = answer.fields["downloadables"][0]["url"].as_str().unwrap();
        url.split_once("/api/v1/").unwrap().0.to_owned()
    };
    for (host, expected) in [
        ("licenses.example.com", "http://licenses.example.com"),
        ("shop.example:8443", "http://shop.example:8443"),
        ("[::1]:9201", "http://[::1]:9201"),
    ] {
        assert_eq!(base(&server, &format!("Host: {host}\r\n")), expected);
    }
    for odd in ["a/b", "a@evil.example", "a?b", "a#b", "a\"b", "a b", "<script>", "a:b", "", "é"] {
        assert_eq!(base(&server, &format!("Host: {odd}\r\n")), server.url(), "{odd}");
    }
    let forwarded = "Host: inner\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: keys.example\r\n";
    assert_eq!(base(&server, forwarded), "http://inner");
    assert_eq!(base(&behind_proxy, forwarded), "https://keys.example");
}

#[test]
fn a_server_on_all_interfaces_gives_no_link_to_them() {
    let server = TestServer::start_with(|config| config.http.listen = "0.0.0.0:0".to_owned());
    let port = server.url().rsplit_once(':').unwrap().1.to_owned();
    let (_, document) = server.get_url(&format!("http://127.0.0.1:{port}/openapi.json"));
    assert!(document.contains(&format!("http://127.0.0.1:{port}")) && !document.contains("0.0.0.0"));
}

#[test]
fn both_endpoints_refuse_by_the_license_gate() {
    let server = server();
    server.command(&["product", "create", "--name", "Retired", "--inactive"]);
    server.command(&["product", "create", "--name", "Strict", "--require-non-expired"]);
    server.add_license(&License { key: "RETIRED", product: 3, identifiers: &[], ..License::default() });
    for (key, status) in [("AVAILABLE", "available"), ("RESERVED", "reserved"), ("BLOCKED", "blocked")] {
        server.add_license(&License { key, status, identifiers: &[], ..License::default() });
    }
    server.add_license(&License {
        key: "STRICT",
        product: 4,
        validity: 1,
        identifiers: &[],
        ..License::default()
    });
    for (license_key, identifier, code, signer) in [
        ("", "", 210, "global"),
        ("NONE", "domain.ltd", 210, "global"),
        ("RETIRED", "", 203, "global"),
        ("BLOCKED", "", 215, "product"),
        ("BLOCKED", "domain.ltd", 204, "product"),
        ("AVAILABLE", "domain.ltd", 201, "product"),
        ("RESERVED", "domain.ltd", 201, "product"),
        ("STRICT", "domain.ltd", 205, "global"),
        ("KEY-1", "other.ltd", 202, "product"),
    ] {
        let answer = list(&server, license_key, identifier);
        assert_eq!((answer.code, answer.signer.as_str()), (code, signer), "{license_key} {identifier}");
        let none = |text: &str| if text.is_empty() { "%20".to_owned() } else { text.to_owned() };
        let identifier = if identifier.is_empty() { "%20".to_owned() } else { STANDARD.encode(identifier) };
        let path = format!("/v1/download/{}/{}/{identifier}/101", server.api_key, none(license_key));
        let answer = server.get(&path);
        let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
        assert_eq!(found, (403, 701, "You don't have permission to access it", signer), "{license_key}");
    }
}

#[test]
fn an_expired_license_downloads_unless_its_product_minds() {
    let server = server();
    server.command(&["product", "create", "--name", "Strict", "--require-non-expired"]);
    for (license_key, product, days, listed, sent) in [
        ("EXPIRED", 1, "1", 600, 200),
        ("STRICT-EXPIRED", 3, "1", 205, 403),
        ("STRICT-VALID", 3, "36500", 600, 200),
    ] {
        if product == 3 && days == "1" {
            add_version(&server, 3, 101, &[]);
        }
        // Imported, because an expired license can't be activated any more.
        let csv = file(
            &server,
            "one.csv",
            format!(
                "license_key,product_id,validity,assigned_at,status,identifiers\n\
                {license_key},{product},{days},2024-02-27 03:05:31,assigned,\"[\"\"domain.ltd\"\"]\"\n"
            )
            .as_bytes(),
        );
        server.command(&["license", "import", csv.to_str().unwrap()]);
        assert_eq!(list(&server, license_key, "domain.ltd").code, listed, "{license_key}");
        let path = path_of(&server.api_key, license_key, "domain.ltd", "101");
        assert_eq!(server.fetch("GET", &path, &[]).status().as_u16(), sent, "{license_key}");
    }
}

#[test]
fn a_file_is_sent_as_an_attachment_and_counted() {
    let server = server();
    let response = server.fetch("GET", &path(&server), &[]);
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, CONTENT));
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), "attachment; filename=\"app.zip\"");
    assert_eq!(header("accept-ranges"), "bytes");
    assert_eq!(header("cache-control"), "no-cache, private");
    assert_eq!(header("x-content-type-options"), "nosniff");
    // Counted before the first byte was sent.
    assert_eq!(counter(&server), 1);
    assert_eq!(list(&server, "KEY-1", "domain.ltd").fields["downloadables"][0]["download_counter"], 1);
}

#[test]
fn a_download_goes_on_where_it_was_and_counts_once() {
    let server = server();
    let whole = server.fetch("GET", &path(&server), &[]);
    let etag = whole.headers()["etag"].to_str().unwrap();
    for (method, headers, status, body, counted) in [
        ("GET", &[("Range", "bytes=0-3")][..], 206, &b"0123"[..], 2),
        ("GET", &[("Range", "bytes=4-")], 206, &CONTENT[4..], 2),
        ("GET", &[("Range", "bytes=4-5"), ("If-Range", etag)], 206, b"45", 2),
        ("GET", &[("Range", "bytes=4-5"), ("If-Range", "\"another\"")], 200, CONTENT, 3),
        ("GET", &[("Range", "bytes=99-")], 416, b"", 3),
        ("GET", &[("If-None-Match", etag)], 304, b"", 3),
        ("HEAD", &[], 200, b"", 3),
    ] {
        let response = server.fetch(method, &path(&server), headers);
        assert_eq!((response.status().as_u16(), response.body().as_slice()), (status, body), "{headers:?}");
        assert_eq!(counter(&server), counted, "{method} {headers:?}");
    }
    let head = server.fetch("HEAD", &path(&server), &[]);
    assert_eq!(head.headers()["content-length"], CONTENT.len().to_string().as_str());
}

#[test]
fn a_version_that_is_not_there_is_700() {
    let server = server();
    add_version(&server, 1, 102, &["--draft"]);
    for number in ["102", "103", "-1", "x", "99999999999999999999", "..%2F101"] {
        let answer = server.get(&path_of(&server.api_key, "KEY-1", "domain.ltd", number));
        let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
        assert_eq!(found, (404, 700, "The request file doesn't exist", "product"), "{number}");
    }
    server.command(&["download", "publish", "2"]);
    assert_eq!(
        server.fetch("GET", &path_of(&server.api_key, "KEY-1", "domain.ltd", "102"), &[]).status(),
        200
    );
    fs::remove_dir_all(server.data().join("downloads")).unwrap();
    assert_eq!(server.get(&path(&server)).code, 700);
}

#[test]
fn the_gate_comes_first_and_the_links_own_key_counts() {
    let server = server();
    let other = server.add_api_key(&["--capability", "verify"]);
    let inactive = server.add_api_key(&["--capability", "*"]);
    server.command(&["api-key", "disable", "3"]);
    let elsewhere = server.add_api_key(&["--capability", "*", "--allow-ip", "203.0.113.0/24"]);
    for (api_key, code) in
        [("%20", 100), ("no-such-key", 100), (&inactive, 101), (&other, 102), (&elsewhere, 103)]
    {
        let path = path_of(api_key, "NONE", "domain.ltd", "999");
        assert_eq!(server.get(&path).code, code);
        // A header doesn't lend the link another key.
        let response =
            server.fetch("GET", &path, &[("Authorization", &format!("Bearer {}", server.api_key))]);
        let answer = server.answer(response.status().as_u16(), std::str::from_utf8(response.body()).unwrap());
        assert_eq!((answer.status, answer.code, answer.signer.as_str()), (200, code, "global"));
    }
    let only_downloads = server.add_api_key(&["--capability", "download"]);
    let link = path_of(&only_downloads, "KEY-1", "domain.ltd", "101");
    assert_eq!(server.fetch("GET", &link, &[]).status(), 200);
    server.command(&["block", "add", "--identifier", "domain.ltd"]);
    assert_eq!(server.get(&link).code, 150);
    assert_eq!(list(&server, "KEY-1", "domain.ltd").code, 150);
}

#[test]
fn a_link_works_under_each_prefix_in_each_alphabet_and_past_doubled_slashes() {
    let server = TestServer::start();
    server.add_license(&License { key: "a/b//c", identifiers: &["???>>"], ..License::default() });
    add_version(&server, 1, 101, &[]);
    let key = &server.api_key;
    for (start, identifier) in [
        ("/api/v1", "Pz8%2FPj4%3D"),
        ("/v1", "Pz8%2fPj4="),
        ("/api/api/v1", "Pz8%2FPj4"),
        ("//api//v1", URL_SAFE_NO_PAD.encode("???>>").as_str()),
        ("/v1", "Pz8_Pj4%3D"),
    ] {
        let path = format!("{start}/download/{key}/a%2Fb%2F%2Fc/{identifier}/101");
        let response = server.fetch("GET", &path, &[]);
        assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, CONTENT), "{path}");
    }
    let path = format!("/v1/download/{key}/a%2Fb%2F%2Fc/Pz8%2FPj4%3D/101/");
    assert_eq!(server.fetch("GET", &path, &[]).status(), 200);
}

#[test]
fn a_link_leads_out_of_the_directory_by_no_means() {
    let server = server();
    let key = &server.api_key;
    for segments in
        ["KEY-1/ZG9tYWluLmx0ZA==/..%2F..%2Fkeyseal.db", "..%2F..%2Fkeys/ZG9tYWluLmx0ZA==/global.pem"]
    {
        let request = format!("GET /v1/download/{key}/{segments} HTTP/1.1\r\nHost: x\r\n\r\n");
        let (status, body) = send_raw(server.address(), request.as_bytes(), false);
        assert!([403, 404].contains(&server.answer(status, &body).status));
    }
    let answer = server.get(&format!("/v1/download/{key}/KEY-1/ZG9tYWluLmx0ZA==/x/../101"));
    assert_eq!(answer.code, 1904);
}

#[test]
fn another_method_is_405() {
    let server = server();
    let answer = server.post_form(&path(&server), &[]);
    assert_eq!((answer.code, answer.allow.as_deref()), (1905, Some("GET, HEAD")));
}

#[test]
fn a_file_is_kept_privately_until_its_last_version_is_deleted() {
    let server = server();
    let second = add_version(&server, 2, 101, &[]);
    let stored = server.data().join("downloads").join(second["file_sha256"].as_str().unwrap());
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&stored), mode(&server.data().join("downloads"))), (0o600, 0o700));
    assert_eq!(fs::read(&stored).unwrap(), CONTENT);
    assert_eq!(server.command(&["download", "delete", "1"]), json!({ "id": 1, "file_removed": false }));
    assert!(stored.exists());
    // As a deleted product leaves one behind.
    fs::write(stored.with_file_name("0".repeat(64)), b"unused").unwrap();
    assert_eq!(server.command(&["download", "delete", "2"]), json!({ "id": 2, "file_removed": true }));
    assert_eq!(fs::read_dir(server.data().join("downloads")).unwrap().count(), 0);
    assert_eq!(server.get(&path(&server)).code, 700);
}

#[test]
fn a_version_that_cannot_be_added_leaves_nothing_behind() {
    let server = server();
    let other = file(&server, "other.zip", b"other");
    let other = other.to_str().unwrap();
    for (product, number, file) in
        [("9", "1", other), ("1", "101", other), ("1", "102", "/nowhere/app.zip"), ("1", "102", "/")]
    {
        let words =
            ["download", "add", file, "--product", product, "--version", "x", "--numeric-version", number];
        assert!(!try_keyseal(server.data(), &words).0, "{words:?}");
    }
    assert!(!try_keyseal(server.data(), &["download", "publish", "9"]).0);
    assert!(!try_keyseal(server.data(), &["download", "delete", "9"]).0);
    assert_eq!(fs::read_dir(server.data().join("downloads")).unwrap().count(), 1);
    assert_eq!(server.command(&["download", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn downloads_that_start_at_the_same_time_are_all_counted() {
    let server = server();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(server.fetch("GET", &path(&server), &[]).body().as_slice(), CONTENT));
        }
    });
    assert_eq!(counter(&server), 16);
}
