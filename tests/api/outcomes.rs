//! The outcome table: every code that each endpoint can answer, as the server's own document has it. The
//! client in `support` refuses an answer that is not in it; and here every pair is brought about once.

use std::collections::BTreeSet;

use keyseal::HttpStatus;

use crate::support::{Answer, Document, License, TestServer};

/// Every pair of an endpoint and a code of its own, as the server's document has them.
fn table() -> BTreeSet<(&'static str, i64)> {
    let paths = Document::of(HttpStatus::Envelope).api["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let operations = ["get", "post"].into_iter().filter_map(|method| item.get(method));
        operations
            .filter(|operation| operation["deprecated"] != true)
            .map(|operation| (path.as_str(), operation))
    });
    operations
        .filter_map(|(path, operation)| Some((path, operation["x-outcomes"].as_array()?)))
        .flat_map(|(path, outcomes)| {
            let own = outcomes.iter().filter(|outcome| outcome["own"] == true);
            own.map(move |outcome| (path, outcome["code"].as_i64().unwrap()))
        })
        .collect()
}

/// How each pair comes about, in this order, in the world of [`world`]: endpoint, fields, code. `KEY` is the
/// last key that a contract made.
const SCENARIOS: &[(&str, &str, i64)] = &[
    ("/verify", "license_key=ACTIVE&identifier=d", 200),
    ("/activate", "license_key=FREE&identifier=d", 300),
    ("/activate", "license_key=FREE&identifier=d", 301),
    ("/activate", "license_key=FULL&identifier=e", 302),
    ("/deactivate", "license_key=FREE&identifier=d", 400),
    ("/deactivate", "license_key=FREE&identifier=d", 401),
    ("/get-license-key-details", "license_key=ACTIVE&identifier=d", 500),
    ("/access-downloadables", "license_key=ACTIVE&identifier=d", 600),
    ("/explain-license-key", "license_key=ACTIVE&identifier=d", 1940),
    ("/licenses/{license_key}/features/{feature}", "license_key=ACTIVE&feature=updates", 1946),
    ("/get-license-key-activations", "license_key=ACTIVE", 1941),
    ("/release-activation", "license_key=FREE&identifier=e", 1943),
    ("/activate", "license_key=FREE&identifier=e", 300),
    ("/release-activation", "license_key=FREE&identifier=e", 1942),
    ("/renew-license-key", "license_key=EXPIRED&days=30", 1944),
    ("/renew-license-key", "license_key=EXPIRED&days=many", 1945),
    ("/assign-license-key", "license_key=POOL-1", 800),
    ("/assign-license-key", "license_key=POOL-1", 801),
    ("/assign-and-activate-license-key", "license_key=POOL-2&identifier=d&owner_email=o@x", 300),
    ("/assign-and-activate-license-key", "license_key=POOL-2&identifier=d&owner_email=o@x", 301),
    ("/assign-and-activate-license-key", "license_key=FULL&identifier=e&owner_email=o@x", 302),
    ("/assign-and-activate-license-key", "license_key=POOL-2&identifier=d&owner_email=p@x", 801),
    ("/random-assign-license-keys", "product_id=2&quantity=1&generate=0", 803),
    ("/random-assign-license-keys", "product_id=2&quantity=900&generate=0", 802),
    ("/random-assign-license-keys", "product_id=99&quantity=1&generate=0", 805),
    ("/random-assign-license-keys", "product_id=2&quantity=1&generate=1", 806),
    ("/random-assign-license-keys-queued", "product_id=2&quantity=1&generate=0", 807),
    ("/create-license-keys", CREATE_KEYS, 900),
    ("/create-license-keys", CREATE_KEYS, 902),
    ("/create-license-keys", "license_keys=[]", 901),
    ("/update-license-key", "license_key=NEW&status=reserved", 950),
    ("/update-license-key", "license_key=NEW&status=nonsense", 951),
    ("/update-license-key", "license_key=NOBODY&status=reserved", 952),
    ("/delete-license-key", "license_key=NEW", 850),
    ("/delete-license-key", "license_key=NEW", 851),
    ("/get-license-keys", "product_id=1&status=assigned&page=1&items_per_page=5", 730),
    ("/get-available-license-keys-count", "product_id=1", 741),
    ("/get-available-license-keys-count", "product_id=99", 740),
    ("/create-license-key-meta", "license_key=ACTIVE&identifier=d&value=v", 450),
    ("/create-license-key-meta", "license_key=ACTIVE&identifier=d&key=k", 451),
    ("/create-license-key-meta", "license_key=ACTIVE&identifier=d&key=k&value=v", 453),
    ("/create-license-key-meta", "license_key=ACTIVE&identifier=d&key=k&value=v", 452),
    ("/update-license-key-meta", "license_key=ACTIVE&identifier=d&value=v", 350),
    ("/update-license-key-meta", "license_key=ACTIVE&identifier=d&key=k", 351),
    ("/update-license-key-meta", "license_key=ACTIVE&identifier=d&key=x&value=v", 352),
    ("/update-license-key-meta", "license_key=ACTIVE&identifier=d&key=k&value=w", 353),
    ("/delete-license-key-meta", "license_key=ACTIVE&identifier=d", 250),
    ("/delete-license-key-meta", "license_key=ACTIVE&identifier=d&key=x", 251),
    ("/delete-license-key-meta", "license_key=ACTIVE&identifier=d&key=k", 252),
    ("/create-product", "name=Fourth&description=x&slug=fourth&changelog_enabled=1", 750),
    ("/create-product", "", 751),
    ("/update-product", "product_id=2&description=y", 650),
    ("/update-product", "product_id=99", 651),
    ("/get-all-products", "", 810),
    ("/create-product-meta", "product_id=99", 274),
    ("/create-product-meta", "product_id=1&value=v", 270),
    ("/create-product-meta", "product_id=1&key=k", 271),
    ("/create-product-meta", "product_id=1&key=k&value=v", 273),
    ("/create-product-meta", "product_id=1&key=k&value=v", 272),
    ("/update-product-meta", "product_id=99", 374),
    ("/update-product-meta", "product_id=1&value=v", 370),
    ("/update-product-meta", "product_id=1&key=k", 371),
    ("/update-product-meta", "product_id=1&key=x&value=v", 372),
    ("/update-product-meta", "product_id=1&key=k&value=w", 373),
    ("/delete-product-meta", "product_id=99", 483),
    ("/delete-product-meta", "product_id=1", 480),
    ("/delete-product-meta", "product_id=1&key=x", 481),
    ("/delete-product-meta", "product_id=1&key=k", 482),
    ("/get-product", "product_id=1", 631),
    ("/get-product", "product_id=99", 551),
    ("/get-product-meta", "product_id=1", 631),
    ("/get-product-meta", "product_id=99", 551),
    ("/get-product-changelog", "product_id=4", 1600),
    ("/get-product-changelog", "product_id=1", 1602),
    ("/get-product-changelog", "product_id=99", 551),
    ("/get-product-public-key", "product_id=1", 632),
    ("/get-product-public-key", "product_id=99", 551),
    ("/products/fourth/changelog", "", 1600),
    ("/products/first/changelog", "", 1602),
    ("/products/none/changelog", "", 551),
    ("/delete-product", "product_id=4", 550),
    ("/delete-product", "product_id=4", 551),
    ("/get-all-generators", "", 820),
    ("/generate", "generator_id=1&quantity=2", 815),
    ("/generate", "generator_id=99&quantity=2", 806),
    ("/generate", "generator_id=1&quantity=0", 901),
    ("/send-telemetry-data", "", 831),
    ("/send-telemetry-data", TELEMETRY, 830),
    ("/get-telemetry-data", "data_type=text&data_group=g", 970),
    (
        "/create-contract",
        "contract_key=0123456789abcdef-1&product_id=1&license_keys_quantity=2&CONTRACT",
        841,
    ),
    (
        "/create-contract",
        "contract_key=0123456789abcdef-2&product_id=2&license_keys_quantity=2&CONTRACT",
        841,
    ),
    (
        "/create-contract",
        "contract_key=0123456789abcdef-3&product_id=2&license_keys_quantity=2&CONTRACT",
        841,
    ),
    ("/create-contract", "", 825),
    ("/update-contract", "contract_id=1&contract_name=Other", 842),
    ("/update-contract", "contract_id=1&status=nonsense", 825),
    ("/update-contract", "contract_id=99&contract_name=Other", 844),
    ("/get-all-contracts", "", 846),
    ("/contracts/get-info", "contract_id=1", 1204),
    ("/contracts/get-info", "contract_id=99", 1200),
    ("/contracts/generate", "contract_id=99&quantity=1", 1200),
    ("/contracts/generate", "contract_id=2&quantity=1", 1203),
    ("/contracts/generate", "contract_id=1&quantity=3", 1206),
    ("/contracts/generate", "contract_id=1&quantity=2", 1300),
    ("/contracts/generate", "contract_id=1&quantity=1", 1205),
    ("/contracts/destroy", "contract_id=99&license_key=KEY", 1200),
    ("/contracts/destroy", "contract_id=1&license_key=KEY", 1400),
    ("/contracts/destroy", "contract_id=1&license_key=KEY", 1401),
    ("/contracts/destroy-all", "contract_id=99", 1200),
    ("/contracts/destroy-all", "contract_id=1", 1500),
    ("/contracts/destroy-all", "contract_id=1", 1501),
    ("/update-product", "product_id=2&status=inactive", 650),
    ("/contracts/generate", "contract_id=3&quantity=1", 1202),
    ("/delete-contract", "contract_id=2", 843),
    ("/delete-contract", "contract_id=2", 844),
];

const CREATE_KEYS: &str =
    "license_keys=[\"NEW\"]&product_id=1&activation_limit=0&validity=0&status=available";
const TELEMETRY: &str = "product_id=1&user_identifier=u&license_key=ACTIVE&activation_identifier=d&\
    product_version=1&data_type=text&text_data=t&data_group=g";
const CONTRACT: &str = "contract_name=N&contract_information=I&status=active&can_get_info=1&can_generate=1&\
    can_destroy=1&can_destroy_all=1";

/// The steps of the license gate, for every endpoint that passes it.
const LICENSE_GATE: [(&str, i64); 7] = [
    ("license_key=NOBODY", 210),
    ("license_key=RETIRED&identifier=d", 203),
    ("license_key=ACTIVE", 215),
    ("license_key=BLOCKED&identifier=d", 204),
    ("license_key=POOL-0&identifier=d", 201),
    ("license_key=EXPIRED&identifier=d&owner_email=o@x", 205),
    ("license_key=ACTIVE&identifier=elsewhere", 202),
];

fn world(configure: impl FnOnce(&mut keyseal::Config)) -> TestServer {
    let server = TestServer::start_with(configure);
    server.command(&["product", "create", "--name", "Retired", "--inactive"]);
    let plain = |key, status| License { key, status, identifiers: &[], ..License::default() };
    server.add_license(&License { identifiers: &["d"], ..plain("ACTIVE", "assigned") });
    server.add_license(&plain("FREE", "assigned"));
    server.add_license(&plain("BLOCKED", "blocked"));
    server.add_license(&License { product: 3, ..plain("RETIRED", "assigned") });
    for key in ["POOL-0", "POOL-1", "POOL-2"] {
        server.add_license(&plain(key, "available"));
    }
    for key in ["POOL-3", "POOL-4"] {
        server.add_license(&License { product: 2, ..plain(key, "available") });
    }
    let owned =
        ["license", "create", "--product", "1", "--status", "assigned", "--owner-email", "o@x", "--key"];
    server.command(&[&owned[..], &["FULL", "--activation-limit", "1"]].concat());
    server.command(&["license", "activate", "FULL", "--identifier", "d"]);
    let long_ago = ["EXPIRED", "--validity", "1", "--assigned-at", "2024-01-01 00:00:00"];
    server.command(&[&owned[..], &long_ago].concat());
    server.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
    let settings = [("product_id", "1"), ("require_non_expired", "1"), ("slug", "first")];
    assert_eq!(server.post("update-product", &settings).code, 650);
    server
}

fn call(server: &TestServer, endpoint: &str, form: &str) -> Answer {
    let form = form.replace("CONTRACT", CONTRACT);
    let method =
        keyseal::paths().find(|(_, path, _)| *path == endpoint).map_or("GET", |(method, _, _)| method);
    let mut endpoint = endpoint.to_owned();
    for (name, value) in form.split('&').filter_map(|field| field.split_once('=')) {
        endpoint = endpoint.replace(&format!("{{{name}}}"), value);
    }
    if method == "GET" {
        return server.get(&format!("/api/v1{endpoint}?api_key={}&{form}", server.api_key));
    }
    let body = format!("api_key={}&{}", server.api_key, form.replace('+', "%2B"));
    let endpoint = endpoint.trim_start_matches('/');
    server.post_body(endpoint, "application/x-www-form-urlencoded", body.as_bytes())
}

#[test]
fn every_pair_of_the_table_is_brought_about() {
    let server = world(|_| {});
    let mut seen = BTreeSet::new();
    let mut made_key = String::new();
    let table = table();
    assert!(table.len() > 150, "{table:?}");
    let gated = table.iter().filter(|(_, code)| *code == 210).flat_map(|(endpoint, _)| {
        let own = LICENSE_GATE.iter().filter(|(_, code)| table.contains(&(*endpoint, *code)));
        own.map(|(fields, code)| (*endpoint, *fields, *code))
    });
    for (endpoint, fields, code) in gated.chain(SCENARIOS.iter().copied()) {
        let answer = call(&server, endpoint, &fields.replace("=KEY", &format!("={made_key}")));
        assert_eq!(answer.code, code, "{endpoint} {fields}: {answer:?}");
        if code == 1300 {
            answer.fields["license_keys"][0].as_str().unwrap().clone_into(&mut made_key);
        }
        seen.insert((family(endpoint), code));
    }
    seen.extend(brought_about_otherwise(&server));
    let missing: Vec<_> = table.difference(&seen).collect();
    assert!(missing.is_empty(), "never brought about: {missing:?}");
    assert_eq!(seen, table, "brought about, but not in the table");
}

/// What takes another server, or a path with parameters.
fn brought_about_otherwise(server: &TestServer) -> Vec<(&'static str, i64)> {
    let download = |license_key: &str| {
        let path = format!("/api/v1/download/{}/{license_key}/ZA==/102", server.api_key);
        ("/download/{api_key}/{license_key}/{identifier}/{numeric_version}", server.get(&path).code)
    };
    let without_changelogs = world(|config| config.pages.no_changelog = true);
    let disabled = |path: &'static str| {
        let answer = call(&without_changelogs, path, "product_id=1");
        (family(path), answer.code)
    };
    vec![
        ("/get-product-public-key", public_key_of_a_server_without_keys()),
        download("ACTIVE"),
        download("NOBODY"),
        disabled("/get-product-changelog"),
        disabled("/products/first/changelog"),
    ]
}

/// Its answers are not signed, so they are read as plain text.
fn public_key_of_a_server_without_keys() -> i64 {
    let server = TestServer::start_with(|config| config.unsigned = true);
    let path = format!("/v1/get-product-public-key?product_id=2&api_key={}", server.api_key);
    let envelope: serde_json::Value = serde_json::from_str(&server.get_plain(&path).1).unwrap();
    envelope["response"]["code"].as_i64().unwrap()
}

/// The row of the table that a path belongs to.
fn family(path: &'static str) -> &'static str {
    if path.starts_with("/products/") { "/products/{slug}/changelog" } else { path }
}
