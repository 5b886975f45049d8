//! Text that looks the same to people: license keys with look-alike characters, and domains in several spellings.

use std::fs;
use std::num::NonZeroU32;
use std::time::Duration;

use keyseal::{Rate, RateLimits};
use serde_json::{Value, json};

use crate::support::{License, TestServer, try_keyseal};

/// What e-mails, web pages and keyboards make of "AB-12".
const PASTED: [&str; 14] = [
    "AB\u{200b}-12",
    "\u{feff}AB-12",
    "AB-12\u{200e}",
    "AB-\u{2060}12",
    "AB\u{ad}-12",
    "AB\u{2013}12",
    "AB\u{2011}12",
    "ab\u{2014}12",
    "AB\u{2212}12",
    "AB\u{ff0d}12",
    "AB - 12",
    "AB-\u{a0}12",
    "AB-12\u{3000}\u{200b}",
    "\u{ff21}\u{ff22}-\u{ff11}\u{ff12}",
];

#[test]
fn a_pasted_license_key_is_found_and_answered_as_the_right_one() {
    let server = TestServer::start();
    server.add_license(&License { key: "AB-12", status: "assigned", ..License::default() });
    server.command(&["license", "activate", "AB-12", "--identifier", "pc"]);
    let right = server.post("verify", &[("license_key", "AB-12"), ("identifier", "pc")]);
    assert_eq!(right.code, 200);
    for pasted in PASTED {
        for (endpoint, code) in [("verify", 200), ("activate", 301), ("get-license-key-details", 500)] {
            let answer = server.post(endpoint, &[("license_key", pasted), ("identifier", "pc")]);
            assert_eq!(answer.code, code, "{endpoint} {pasted:?}");
        }
        let answer = server.post("verify", &[("license_key", pasted), ("identifier", "pc")]);
        assert_eq!((answer.code, &answer.message, &answer.signer), (200, &right.message, &right.signer));
        assert!(
            try_keyseal(server.data(), &["license", "update", pasted, "--activation-limit", "9"]).0,
            "{pasted:?}"
        );
    }
    for other in ["AB-1 3", "AB\u{200b}", "AB_12", "\u{200b}"] {
        let answer = server.post("verify", &[("license_key", other), ("identifier", "pc")]);
        assert_eq!(answer.code, 210, "{other:?}");
    }
}

#[test]
fn a_pasted_license_key_is_no_wrong_guess() {
    let guesses = Some(Rate { burst: NonZeroU32::new(2).unwrap(), every: Duration::from_hours(1) });
    let limits = RateLimits { guesses, ..RateLimits::default() };
    let server = TestServer::start_with(|config| config.limits.rates = limits);
    server.add_license(&License { key: "AB-12", status: "assigned", ..License::default() });
    let client = server.add_api_key(&["--capability", "client"]);
    let verify = |key| {
        let fields = [("api_key", client.as_str()), ("license_key", key), ("identifier", "pc")];
        server.post_form("/api/v1/verify", &fields).code
    };
    assert_eq!(verify("WRONG"), 210);
    for pasted in PASTED {
        assert_eq!(verify(pasted), 202, "{pasted:?}");
    }
    assert_eq!((verify("WRONG TOO"), verify("WRONG")), (210, 1929));
}

#[test]
fn no_door_makes_a_license_key_with_a_look_alike() {
    let server = TestServer::start();
    let file = server.data().join("import.csv");
    for pasted in PASTED {
        let fields = json!({
            "license_keys": ["FINE", pasted], "product_id": 1, "activation_limit": 1, "validity": 1,
            "status": "available",
        });
        let answer = server.post_json("create-license-keys", &fields);
        let (code, errors) = (answer.code, answer.fields["errors"].to_string());
        assert!(code == 901 && errors.contains("item 2 has U+"), "{pasted:?}: {code} {errors}");
        fs::write(&file, format!("license_key,product_id\n{pasted},1\n")).unwrap();
        for command in [
            &["license", "create", "--product", "1", "--key", pasted][..],
            &["license", "import", file.to_str().unwrap()],
            &["generator", "create", "--product", "1", "--method", "chunk-system", "--prefix", pasted],
            &["generator", "create", "--product", "1", "--method", "chunk-system", "--suffix", pasted],
            &["generator", "create", "--product", "1", "--method", "chunk-system", "--charset", pasted],
            &[
                "generator",
                "create",
                "--product",
                "1",
                "--method",
                "custom",
                "--template",
                &format!("{{uuid}}{pasted}"),
            ],
        ] {
            assert!(!try_keyseal(server.data(), command).0, "{command:?}");
        }
    }
    assert_eq!(server.command(&["license", "list"]), json!([]));
    assert_eq!(server.command(&["generator", "list"]), json!([]));
}

#[test]
fn an_owner_is_found_however_the_name_is_written() {
    const NAMES: [&str; 4] = ["Jürgen Groß", "JÜRGEN GROß", "ju\u{308}rgen groß", " jürgen Groß "];
    const EMAILS: [&str; 4] =
        ["JÜRGEN@example.com", "jürgen@example.com", "ju\u{308}rgen@EXAMPLE.com", "Jürgen@Example.Com "];
    let server = TestServer::start();
    for (number, (name, email)) in NAMES.iter().zip(EMAILS).enumerate() {
        let key = format!("KEY-{number}");
        server.command(&["license", "create", "--product", "1", "--key", &key]);
        server.command(&["license", "assign", &key, "--owner-name", name, "--owner-email", email]);
        server.command(&["license", "create", "--product", "1", "--key", &format!("FREE-{number}")]);
    }
    let other = ["--owner-name", "Jurgen Gross", "--owner-email", "jurgen@example.com"];
    server.command(&[&["license", "create", "--product", "1", "--key", "OTHER"], &other[..]].concat());
    for (name, email) in NAMES.iter().zip(EMAILS) {
        for (field, value, flag) in
            [("owner_name", *name, "--owner-name"), ("owner_email", email, "--owner-email")]
        {
            let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let key = &server.api_key;
            let found = server.get(&format!("/api/v1/get-license-keys?api_key={key}&{field}={encoded}"));
            assert_eq!(
                found.fields["license_keys"].as_array().unwrap().len(),
                NAMES.len(),
                "{field} {value}"
            );
            let listed = server.command(&["license", "list", flag, value]);
            assert_eq!(listed.as_array().unwrap().len(), NAMES.len(), "{flag} {value}");
        }
        let fields = [("license_key", "KEY-0"), ("identifier", "pc"), ("owner_email", email)];
        let answer = server.post("assign-and-activate-license-key", &fields);
        assert!([300, 301].contains(&answer.code), "{email}: {}", answer.code);
    }
    let fields = [("license_key", "KEY-0"), ("identifier", "pc"), ("owner_email", "jurgen@example.com")];
    assert!(![300, 301].contains(&server.post("assign-and-activate-license-key", &fields).code));
}

#[test]
fn a_blocked_domain_is_one_in_all_its_spellings() {
    const SPELLINGS: [&str; 5] = [
        "müller.example",
        "MÜLLER.EXAMPLE",
        "xn--mller-kva.example",
        "*.Müller.example",
        "https://müller.example:8443/shop",
    ];
    let server = TestServer::start();
    for added in SPELLINGS {
        let block = server.command(&["block", "add", "--domain", added]);
        assert_eq!(block["value"], "xn--mller-kva.example");
        for again in SPELLINGS {
            assert!(!try_keyseal(server.data(), &["block", "add", "--domain", again]).0, "{again}");
            let identifier = again.trim_start_matches("*.");
            for identifier in [identifier.to_owned(), identifier.replace("https://", "https://www.")] {
                let fields = [("license_key", "K"), ("identifier", identifier.as_str())];
                assert_eq!(server.post("verify", &fields).code, 150, "{added} {identifier}");
            }
        }
        server.command(&["block", "remove", "--domain", "MÜLLER.example"]);
        assert_eq!(server.command(&["block", "list"]), json!([]));
    }
    let fields = [("license_key", "K"), ("identifier", "müller.example")];
    assert_eq!(server.post("verify", &fields).code, 210);
    for no_domain in ["a.example,b.example", "a.example b.example", "www.*.example", "*", "a..example", "a@"]
    {
        let (done, value) = try_keyseal(server.data(), &["block", "add", "--domain", no_domain]);
        assert_eq!((done, value), (false, Value::Null), "{no_domain}");
    }
}
