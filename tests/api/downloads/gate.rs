//! Downloads that are refused.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{add_version, file, list, path, path_of, server};
use crate::support::License;

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
fn another_method_is_405() {
    let server = server();
    let answer = server.post_form(&path(&server), &[]);
    assert_eq!((answer.code, answer.allow.as_deref()), (1905, Some("GET, HEAD")));
}
