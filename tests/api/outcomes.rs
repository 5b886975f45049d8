//! The outcome table: every code that each endpoint can answer. The client in `support` refuses an answer that is not in it; and here
//! every pair is brought about once.

use std::collections::BTreeSet;

use crate::support::{Answer, License, TestServer};

/// What any endpoint can answer: the gate's refusals, and what the original has no code for.
const ANY: [i64; 13] = [100, 101, 102, 103, 150, 1900, 1901, 1902, 1904, 1905, 1908, 1913, 1915];

/// The endpoints, by the paths of the contract, and their own codes.
pub const OUTCOMES: &[(&str, &[i64])] = &[
    ("/verify", &[200, 201, 202, 203, 204, 205, 210, 215]),
    ("/activate", &[300, 301, 302, 201, 203, 204, 205, 210, 215]),
    ("/deactivate", &[400, 401, 201, 203, 204, 210, 215]),
    ("/get-license-key-details", &[500, 201, 202, 203, 204, 205, 210, 215]),
    ("/access-downloadables", &[600, 201, 202, 203, 204, 205, 210, 215]),
    ("/assign-license-key", &[800, 801]),
    ("/assign-and-activate-license-key", &[300, 301, 302, 203, 204, 205, 210, 215, 801]),
    ("/random-assign-license-keys", &[803, 802, 805, 806]),
    ("/random-assign-license-keys-queued", &[807]),
    ("/create-license-keys", &[900, 901, 902]),
    ("/update-license-key", &[950, 951, 952]),
    ("/delete-license-key", &[850, 851]),
    ("/get-license-keys", &[730]),
    ("/get-available-license-keys-count", &[740, 741]),
    ("/create-license-key-meta", &[453, 450, 451, 452, 201, 202, 203, 204, 205, 210, 215]),
    ("/update-license-key-meta", &[353, 350, 351, 352, 201, 202, 203, 204, 205, 210, 215]),
    ("/delete-license-key-meta", &[252, 250, 251, 201, 202, 203, 204, 205, 210, 215]),
    ("/create-product", &[750, 751]),
    ("/update-product", &[650, 651]),
    ("/delete-product", &[550, 551]),
    ("/get-all-products", &[810]),
    ("/create-product-meta", &[273, 270, 271, 272, 274]),
    ("/update-product-meta", &[373, 370, 371, 372, 374]),
    ("/delete-product-meta", &[482, 480, 481, 483]),
    ("/get-all-generators", &[820]),
    ("/generate", &[815, 806, 901]),
    ("/send-telemetry-data", &[830, 831]),
    ("/get-telemetry-data", &[970]),
    ("/get-all-contracts", &[846]),
    ("/create-contract", &[841, 825]),
    ("/update-contract", &[842, 825, 844]),
    ("/delete-contract", &[843, 844]),
    ("/contracts/get-info", &[1204, 1200]),
    ("/contracts/generate", &[1300, 1200, 1202, 1203, 1205, 1206]),
    ("/contracts/destroy", &[1400, 1200, 1401]),
    ("/contracts/destroy-all", &[1500, 1200, 1501]),
    ("/get-product", &[631, 551]),
    ("/get-product-meta", &[631, 551]),
    ("/get-product-changelog", &[1600, 1601, 1602, 551]),
    ("/get-product-public-key", &[632, 633, 551]),
    ("/download", &[700, 701]),
    ("/products", &[1600, 1601, 1602, 551]),
];

/// Whether the table has this answer to a request for this path.
pub fn is_known(path: &str, code: i64) -> bool {
    let path = path.split('?').next().unwrap();
    let path =
        ["/api/api/v1", "/api/v1", "/v1"].iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    let own = OUTCOMES.iter().find(|(endpoint, _)| *endpoint == path).map(|(_, codes)| *codes);
    // Aliases, other spellings of a path, and paths with parameters are looked up where they are tested.
    ANY.contains(&code) || own.is_none_or(|codes| codes.contains(&code))
}

/// How each pair comes about, in this order, in the world of [`world`]: endpoint, fields, code. `KEY` is the last key that a contract made.
const SCENARIOS: &[(&str, &str, i64)] = &[
    ("/verify", "license_key=ACTIVE&identifier=d", 200),
    ("/activate", "license_key=FREE&identifier=d", 300),
    ("/activate", "license_key=FREE&identifier=d", 301),
    ("/activate", "license_key=FULL&identifier=e", 302),
    ("/deactivate", "license_key=FREE&identifier=d", 400),
    ("/deactivate", "license_key=FREE&identifier=d", 401),
    ("/get-license-key-details", "license_key=ACTIVE&identifier=d", 500),
    ("/access-downloadables", "license_key=ACTIVE&identifier=d", 600),
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
    ("/create-contract", "contract_key=C-1&product_id=1&license_keys_quantity=2&CONTRACT", 841),
    ("/create-contract", "contract_key=C-2&product_id=2&license_keys_quantity=2&CONTRACT", 841),
    ("/create-contract", "contract_key=C-3&product_id=2&license_keys_quantity=2&CONTRACT", 841),
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
const TELEMETRY: &str = "product_id=1&user_identifier=u&license_key=ACTIVE&activation_identifier=d&product_version=1&data_type=text&text_data=t&data_group=g";
const CONTRACT: &str = "contract_name=N&contract_information=I&status=active&can_get_info=1&can_generate=1&can_destroy=1&can_destroy_all=1";

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
    let gated = OUTCOMES.iter().filter(|(_, codes)| codes.contains(&210)).flat_map(|(endpoint, codes)| {
        let own = LICENSE_GATE.iter().filter(|(_, code)| codes.contains(code));
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
    let table = OUTCOMES.iter().flat_map(|(endpoint, codes)| codes.iter().map(|code| (*endpoint, *code)));
    let missing: Vec<_> = table.clone().filter(|pair| !seen.contains(pair)).collect();
    assert!(missing.is_empty(), "never brought about: {missing:?}");
    assert_eq!(seen, table.collect(), "brought about, but not in the table");
}

/// What takes another server, or a path with parameters.
fn brought_about_otherwise(server: &TestServer) -> Vec<(&'static str, i64)> {
    let download = |license_key: &str| {
        let path = format!("/api/v1/download/{}/{license_key}/ZA==/102", server.api_key);
        ("/download", server.get(&path).code)
    };
    let without_changelogs = world(|config| config.no_changelog = true);
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
    if path.starts_with("/products/") { "/products" } else { path }
}

#[test]
fn every_route_has_its_row_in_the_table() {
    let rows: Vec<&str> = OUTCOMES.iter().map(|(endpoint, _)| *endpoint).collect();
    let aliases = [
        "/licenses/verify",
        "/licenses/validate",
        "/licenses/activate",
        "/licenses/deactivate",
        "/send-telemetry-date",
        "/send-telemetry",
        "/telemetry",
        "/get-telemetry-date",
        "/get-telemetry",
    ];
    for (_, path, _) in keyseal::paths() {
        assert!(rows.contains(&path) || aliases.contains(&path), "{path}");
    }
}
