//! The envelope and its signature, as clients check them: with `check-reply`, and against what the original
//! server published.

use std::fs;
use std::path::Path;
use std::thread;

use serde_json::Value;

use crate::support::{License, TestServer, keyseal, meta_fields, try_keyseal};

fn golden(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name).to_str().unwrap().to_owned()
}

#[test]
fn the_two_published_answers_verify_under_the_original_servers_key() {
    let key = golden("published-public-key.pem");
    for (file, code) in [("published-201.json", 201), ("published-453.json", 453)] {
        let checked = keyseal(Path::new("."), &["check-reply", &golden(file), "--public-key", &key]);
        assert_eq!(
            (&checked["valid"], &checked["response"]["code"]),
            (&Value::from(true), &Value::from(code))
        );
    }
}

#[test]
fn a_changed_answer_does_not_verify() {
    let directory = tempfile::tempdir().unwrap();
    let changed = directory.path().join("changed.json");
    let original = fs::read_to_string(golden("published-453.json")).unwrap();
    for (what, instead) in [
        ("\"meta_id\":1,", "\"meta_id\":2,"),
        ("eyJjb2RlIjo0NTMs", "eyJjb2RlIjo0NTMS"),
        ("\"signature\":\"Xka7", "\"signature\":\"Xka8"),
        ("\"signature\":\"Xka7", "\"signature\":\"Private key not set"),
        ("\"signature\"", "\"sign\""),
        ("{\"response\"", "response"),
    ] {
        assert!(original.contains(what));
        fs::write(&changed, original.replacen(what, instead, 1)).unwrap();
        let arguments =
            ["check-reply", changed.to_str().unwrap(), "--public-key", &golden("published-public-key.pem")];
        let (done, result) = try_keyseal(Path::new("."), &arguments);
        assert!(!done && result["valid"] == false && result["reason"].is_string(), "{what}: {result}");
    }
}

#[test]
fn answers_of_one_second_say_the_same() {
    let server = TestServer::start();
    server.add_license(&License { status: "available", identifiers: &[], ..License::default() });
    let answers: Vec<_> = thread::scope(|scope| {
        let callers: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| server.post_json("create-license-key-meta", &meta_fields())))
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    for answer in &answers {
        let twin = answers.iter().find(|other| other.timestamp == answer.timestamp).unwrap();
        assert_eq!((answer.code, &answer.response), (201, &twin.response));
    }
}

#[test]
fn a_product_that_gets_a_key_while_the_server_runs_signs_with_it_at_once() {
    let server = TestServer::start();
    server.add_license(&License { product: 2, ..License::default() });
    assert_eq!(server.post_json("create-license-key-meta", &meta_fields()).signer, "global");
    let key = server.data().join("keys/product-1.pem");
    server.command(&["signing-key", "import", key.to_str().unwrap(), "--product", "2"]);
    assert_eq!(server.post_json("create-license-key-meta", &meta_fields()).signer, "product");
}

#[test]
fn a_key_that_has_gone_is_an_internal_error_and_not_another_keys_signature() {
    let server = TestServer::start();
    server.add_license(&License { product: 2, ..License::default() });
    let key = server.data().join("keys/product-1.pem");
    server.command(&["signing-key", "import", key.to_str().unwrap(), "--product", "2"]);
    fs::remove_file(server.data().join("keys/product-2.pem")).unwrap();
    let answer = server.post_json("create-license-key-meta", &meta_fields());
    assert_eq!((answer.status, answer.code, answer.signer.as_str()), (500, 1900, "global"));
    // What could not be signed was not done either.
    fs::copy(&key, server.data().join("keys/product-2.pem")).unwrap();
    assert_eq!(server.post_json("create-license-key-meta", &meta_fields()).fields["meta_id"], 1);
}
