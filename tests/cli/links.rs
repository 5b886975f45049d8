//! Symbolic links, FIFOs and other kinds of files where regular files are expected.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{Server, contains, done, initialized, keyseal, put_private, refused};

/// The user that a service would have.
const SERVICE: u32 = 64_321;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg("-m600").arg(path).status().unwrap().success());
}

/// Gives a directory and everything in it to the service, if this is root.
fn give_to_service(data: &Path) {
    for path in [data, &data.join("keys"), &data.join("keyseal.db"), &data.join("keys/global.pem")] {
        if lchown(path, Some(SERVICE), Some(SERVICE)).is_err() {
            return;
        }
    }
}

#[test]
fn a_link_in_a_data_directory_leads_nobody_to_another_file() {
    for name in ["server.lock", "keyseal.toml", "keyseal.db-wal", "keyseal.db-shm", "keys/global.pem"] {
        let (data, outside) = (initialized(), tempfile::tempdir().unwrap());
        let victim = outside.path().join("victim");
        put_private(b"victim", &victim);
        let before = fs::metadata(&victim).unwrap();
        let place = data.path().join(name);
        drop(fs::remove_file(&place));
        symlink(&victim, &place).unwrap();
        give_to_service(data.path());
        let output = keyseal(data.path(), &SERVE);
        assert!(!output.status.success(), "{name}");
        contains(&String::from_utf8(output.stderr).unwrap(), &[name, "symbolic link, which is not followed"]);
        let after = fs::metadata(&victim).unwrap();
        assert_eq!(
            (after.uid(), after.gid(), after.mode()),
            (before.uid(), before.gid(), before.mode()),
            "{name}"
        );
        assert_eq!(fs::read(&victim).unwrap(), b"victim", "{name}");
    }
}

#[test]
fn a_second_name_of_roots_file_is_not_given_away() {
    let (data, outside) = (initialized(), tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap());
    let victim = outside.path().join("victim");
    put_private(b"victim", &victim);
    give_to_service(data.path());
    // Only root can be tricked, and only within one file system.
    if fs::metadata(data.path()).unwrap().uid() != SERVICE
        || fs::hard_link(&victim, data.path().join("server.lock")).is_err()
    {
        return;
    }
    contains(&refused(data.path(), &SERVE), &["server.lock", "hard link"]);
    assert_eq!(fs::metadata(&victim).unwrap().uid(), 0);
    assert_eq!(fs::read(&victim).unwrap(), b"victim");
}

#[test]
fn a_fifo_is_refused_and_blocks_nobody() {
    for name in ["server.lock", "keyseal.toml", "keyseal.db", "keyseal.db-wal", "keys/global.pem"] {
        let data = initialized();
        let place = data.path().join(name);
        drop(fs::remove_file(&place));
        fifo(&place);
        let output = keyseal(data.path(), &SERVE);
        assert!(!output.status.success(), "{name}");
        contains(&String::from_utf8(output.stderr).unwrap(), &[name, "FIFO", "must be a regular file"]);
    }
    // Where the operator names a file, too.
    let data = initialized();
    let named = data.path().join("named");
    fifo(&named);
    let named = named.to_str().unwrap();
    done(data.path(), &["product", "create", "--name", "P"]);
    for command in [
        &["signing-key", "import", named, "--product", "1"][..],
        &["download", "add", named, "--product", "1", "--numeric-version", "1", "--version", "1"],
        &["--config", named, "product", "list"],
    ] {
        let output = keyseal(data.path(), command);
        assert!(!output.status.success(), "{command:?}");
        contains(&String::from_utf8(output.stderr).unwrap(), &["FIFO"]);
    }
}

#[test]
fn a_backup_has_no_links_and_a_restore_follows_none() {
    let (data, outside) = (initialized(), tempfile::tempdir().unwrap());
    let place = |name: &str| outside.path().join(name);
    let text = |name: &str| place(name).display().to_string();
    put_private(b"secret", &place("secret"));
    for (link, target) in [("keys/extra.pem", place("secret")), ("keyseal.toml", place("gone"))] {
        let link_path = data.path().join(link);
        symlink(target, &link_path).unwrap();
        contains(&refused_or_settings(data.path(), &["backup", &text("b")]), &[link, "symbolic link"]);
        assert!(!place("b").exists(), "{link}");
        let found = keyseal(data.path(), &["doctor", "--listen", "127.0.0.1:0"]);
        assert!(!found.status.success(), "{link}");
        fs::remove_file(link_path).unwrap();
    }
    fs::rename(data.path().join("keys"), place("keys")).unwrap();
    symlink(place("keys"), data.path().join("keys")).unwrap();
    contains(
        &refused(data.path(), &["backup", &text("b")]),
        &["keys", "symbolic link", "must be a directory"],
    );
    fs::remove_file(data.path().join("keys")).unwrap();
    fs::rename(place("keys"), data.path().join("keys")).unwrap();

    done(data.path(), &["backup", &text("b")]);
    fs::rename(place("b/keys/global.pem"), place("global.pem")).unwrap();
    symlink(place("global.pem"), place("b/keys/global.pem")).unwrap();
    contains(&refused(&place("restored"), &["restore", &text("b")]), &["global.pem"]);
    assert!(!place("restored/keyseal.db").exists());
}

/// A command that must be refused: with 1, or with 2 for a settings file.
fn refused_or_settings(data: &Path, arguments: &[&str]) -> String {
    let output = keyseal(data, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_certificate_that_becomes_a_fifo_keeps_no_signal_from_the_server() {
    let (data, outside) = (initialized(), tempfile::tempdir().unwrap());
    let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (outside.path().join("cert.pem"), outside.path().join("key.pem"));
    fs::write(&certificate, issued.cert.pem()).unwrap();
    put_private(issued.signing_key.serialize_pem().as_bytes(), &key);
    let options = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    for file in [&certificate, &key] {
        let content = fs::read(file).unwrap();
        let mut server = Server::start_with(data.path(), &options);
        fs::remove_file(file).unwrap();
        fifo(file);
        server.signal("-HUP");
        contains(&server.log_until("was not reloaded, the previous one stays"), &["FIFO"]);
        server.terminate();
        assert_eq!(server.exit_code(Duration::from_secs(20)), Some(0));
        fs::remove_file(file).unwrap();
        fs::write(file, content).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
