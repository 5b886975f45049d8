//! Versions and their links.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{CONTENT, add_version, list, server};
use crate::support::{License, TestServer, send_raw};

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
