//! Signing keys: which are made, read and refused.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{
    Server, contains, create_license, done, golden_key, initialized, keyseal, put_private, refused,
};

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
fn a_command_that_cannot_open_the_database_leaves_no_key_behind() {
    let data = initialized();
    fs::write(data.path().join("keyseal.db"), "nonsense").unwrap();
    contains(&refused(data.path(), &["signing-key", "generate", "--product", "1"]), &["keyseal.db"]);
    let keys = fs::read_dir(data.path().join("keys")).unwrap();
    let names: Vec<_> = keys.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["global.pem"]);
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

/// Puts another valid key into the place of the global one, and gives the fingerprints of both.
fn replace_global(data: &Path) -> (String, String) {
    let fingerprint =
        |data: &Path| done(data, &["signing-key", "public"])["fingerprint"].as_str().unwrap().to_owned();
    let other = tempfile::tempdir().unwrap();
    done(other.path(), &["signing-key", "generate"]);
    let fingerprints = (fingerprint(data), fingerprint(other.path()));
    put_private(&fs::read(other.path().join("keys/global.pem")).unwrap(), &data.join("keys/global.pem"));
    fingerprints
}

fn states(data: &Path) -> Vec<String> {
    let list = done(data, &["signing-key", "list"]);
    let line = |key: &Value| format!("{} {}", key["state"], key["fingerprint"]).replace('"', "");
    list.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_global_key_that_the_database_does_not_name_is_refused_everywhere_and_retires_none() {
    let data = initialized();
    let data = data.path();
    let global = data.join("keys/global.pem");
    let before = states(data);
    let (named, found) = replace_global(data);
    let outside = tempfile::tempdir().unwrap();
    let backup = outside.path().join("backup");
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["backup", backup.to_str().unwrap()],
        &["signing-key", "public"],
        &["signing-key", "list"],
        &["signing-key", "rotate"],
        &["signing-key", "generate"],
    ] {
        contains(&refused(data, command), &[&named, &found, "from a backup", "generate --replace-lost"]);
    }
    assert!(!backup.exists());
    assert!(!data.join("keys/global-next.pem").exists());
    put_private(&golden_key("pkcs8.pem"), &global);
    assert_eq!(states(data), before, "nothing was written of the other key");
    done(data, &["backup", backup.to_str().unwrap()]);
}

#[test]
fn a_running_server_does_not_go_over_to_a_key_that_the_database_does_not_name() {
    let data = initialized();
    let before = states(data.path());
    let mut server = Server::start(data.path());
    let (named, found) = replace_global(data.path());
    server.signal("-HUP");
    contains(&server.log_until("still signs"), &["ERROR", &named, &found]);
    put_private(&golden_key("pkcs8.pem"), &data.path().join("keys/global.pem"));
    server.signal("-HUP");
    server.log_until("the same as before");
    assert_eq!(server.end("-TERM").code, Some(0));
    assert_eq!(states(data.path()), before);
}

#[test]
fn a_lost_global_key_is_put_back_or_deliberately_replaced_and_never_by_accident() {
    let data = initialized();
    let data = data.path();
    let global = data.join("keys/global.pem");
    let named = done(data, &["signing-key", "public"])["fingerprint"].as_str().unwrap().to_owned();
    contains(&refused(data, &["signing-key", "generate", "--replace-lost"]), &["is not lost", "rotate"]);

    fs::remove_file(&global).unwrap();
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["backup", tempfile::tempdir().unwrap().path().join("backup").to_str().unwrap()],
        &["signing-key", "generate"],
        &["signing-key", "public"],
        &["signing-key", "rotate"],
    ] {
        let said = refused(data, command);
        contains(&said, &[&named, "from a backup", "generate --replace-lost"]);
        assert!(!said.contains("keyseal init"), "{said}");
    }
    assert!(!global.exists());

    // The very key is put back without a word.
    let copy = data.join("copy.pem");
    put_private(&golden_key("pkcs8.pem"), &copy);
    done(data, &["signing-key", "import", copy.to_str().unwrap()]);
    assert_eq!(states(data), [format!("current {named}")]);

    fs::remove_file(&global).unwrap();
    let output = keyseal(data, &["--json", "signing-key", "generate", "--replace-lost"]);
    assert!(output.status.success());
    contains(&String::from_utf8(output.stderr).unwrap(), &["give all clients its public key"]);
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let made = made["fingerprint"].as_str().unwrap();
    assert_eq!(states(data), [format!("current {made}"), format!("former {named}")]);
    let server = Server::start(data);
    assert_eq!(server.end("-TERM").code, Some(0));
}

#[test]
fn a_published_next_key_can_take_the_place_of_a_lost_one() {
    let data = initialized();
    let data = data.path();
    let next = done(data, &["signing-key", "rotate"]);
    fs::remove_file(data.join("keys/global.pem")).unwrap();
    let file = next["file"].as_str().unwrap();
    contains(&refused(data, &["signing-key", "rotate", "--activate"]), &["from a backup"]);
    done(data, &["signing-key", "import", file, "--replace-lost"]);
    assert!(!Path::new(file).exists());
    assert_eq!(states(data)[0], format!("current {}", next["fingerprint"].as_str().unwrap()));
    done(data, &["signing-key", "rotate"]);
}

/// The user that a service would have.
const SERVICE: u32 = 64_321;

/// All that is in a directory and is not the service's.
fn strangers(directory: &Path) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![directory.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        if about.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        if (about.uid(), about.gid()) != (SERVICE, SERVICE) {
            found.push(path);
        }
    }
    found
}

/// An empty directory of the service's. `None`: only root can give one to it.
fn of_service(within: &Path, name: &str) -> Option<PathBuf> {
    let directory = within.join(name);
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    match chown(&directory, Some(SERVICE), Some(SERVICE)) {
        Err(_) if fs::metadata(&directory).unwrap().uid() != 0 => None,
        given => given.map(|()| Some(directory)).unwrap(),
    }
}

#[test]
fn what_root_makes_in_the_directory_of_a_service_belongs_to_the_service() {
    let outside = tempfile::tempdir().unwrap();
    let Some(data) = of_service(outside.path(), "data") else { return };
    let file = outside.path().join("app.zip");
    fs::write(&file, "a version").unwrap();
    let add = ["download", "add", "--product", "1", "--version", "1", "--numeric-version", "1"];
    for command in [
        &["init"][..],
        &["product", "create", "--name", "P", "--own-key"],
        &[&add[..], &[file.to_str().unwrap()]].concat(),
        &["signing-key", "rotate"],
        &["signing-key", "rotate", "--activate"],
        &["signing-key", "rotate", "--product", "1"],
    ] {
        done(&data, command);
        assert_eq!(strangers(&data), Vec::<PathBuf>::new(), "after {command:?}");
    }
    let server = Server::start(&data);
    create_license(&data, "K", &[]);
    assert_eq!(strangers(&data), Vec::<PathBuf>::new(), "beside a server");
    drop(server);
    let backup = outside.path().join("backup");
    done(&data, &["backup", backup.to_str().unwrap()]);
    assert!(!strangers(&backup).is_empty(), "a backup is its maker's");
    let restored = of_service(outside.path(), "restored").unwrap();
    done(&restored, &["restore", backup.to_str().unwrap()]);
    assert_eq!(strangers(&restored), Vec::<PathBuf>::new(), "after a restore");
}
