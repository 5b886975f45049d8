//! Signing keys: which are made, read and refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{contains, done, golden_key, initialized, keyseal, put_private, refused};

#[test]
fn signing_key_public_prints_the_pem_alone() {
    let data = initialized();
    let pem = String::from_utf8(keyseal(data.path(), &["signing-key", "public"]).stdout).unwrap();
    assert!(
        pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("-----END PUBLIC KEY-----\n"),
        "{pem}"
    );
    done(data.path(), &["product", "create", "--name", "P"]);
    let of_product = keyseal(data.path(), &["signing-key", "public", "--product", "1"]);
    assert_eq!(of_product.stdout, pem.as_bytes());
    contains(&String::from_utf8(of_product.stderr).unwrap(), &["the global key signs for it"]);
}

#[test]
fn a_product_gets_a_key_of_its_own_and_keeps_it() {
    let data = initialized();
    assert_eq!(done(data.path(), &["product", "create", "--name", "P", "--own-key"])["own_key"], true);
    let own = done(data.path(), &["signing-key", "public", "--product", "1"]);
    assert_eq!(own["private_key_used"], "product");
    assert_ne!(own["public_key"], done(data.path(), &["signing-key", "public"])["public_key"]);
    contains(
        &refused(data.path(), &["signing-key", "generate", "--product", "1"]),
        &["has a signing key already"],
    );
    contains(&refused(data.path(), &["signing-key", "generate"]), &["global.pem already"]);
    contains(&refused(data.path(), &["signing-key", "generate", "--product", "9"]), &["no product 9"]);
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_what_to_do() {
    let data = initialized();
    let key = data.path().join("keys/global.pem");
    let path = key.to_str().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    contains(&refused(data.path(), &serve), &["can be read by others", "chmod 600", path]);
    for (content, parts) in [
        (golden_key("rsa-1024.pem"), &["smaller than 2048 bits"][..]),
        (golden_key("p-256.pem"), &["not an RSA private key"]),
        (golden_key("encrypted-pkcs8.pem"), &["is encrypted", "openssl pkey"]),
        (golden_key("encrypted-pkcs8.der"), &["is encrypted", "openssl pkey"]),
        (golden_key("encrypted-pkcs1.pem"), &["is encrypted", "openssl pkey"]),
        (golden_key("public.pem"), &["\"PUBLIC KEY\", not an RSA private key"]),
        (b"nonsense".to_vec(), &["no RSA private key", "openssl pkey"]),
        (golden_key("pkcs8.pem")[..900].to_vec(), &["no RSA private key"]),
    ] {
        put_private(&content, &key);
        contains(&refused(data.path(), &serve), &[parts, &[path]].concat());
    }
    fs::remove_file(&key).unwrap();
    contains(&refused(data.path(), &serve), &["no signing key at", path, "signing-key generate"]);
}

#[test]
fn every_usual_encoding_of_a_key_is_read() {
    for name in ["pkcs8.pem", "pkcs8.der", "pkcs1.pem", "pkcs1.der"] {
        let data = tempfile::tempdir().unwrap();
        let key = data.path().join("import.key");
        put_private(&golden_key(name), &key);
        let imported = done(data.path(), &["signing-key", "import", key.to_str().unwrap()]);
        assert_eq!(imported["public_key"].as_str().unwrap().as_bytes(), golden_key("public.pem"), "{name}");
        contains(&fs::read_to_string(data.path().join("keys/global.pem")).unwrap(), &["-----BEGIN "]);
    }
}
