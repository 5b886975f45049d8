//! The system around a directory: its limits, certificates and users.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

use super::{examine, found, mode, sound};
use crate::support::{contains, copy_of_program, initialized, keyseal, put_private};

#[test]
fn doctor_tells_what_the_system_does_not_give() {
    let data = sound();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    for (listen, says) in [
        (taken.local_addr().unwrap().to_string(), "is used by another program"),
        ("192.0.2.1:8080".to_owned(), "can't listen on 192.0.2.1:8080"),
        ("nonsense.invalid:80".to_owned(), "nonsense.invalid:80 is not an address"),
    ] {
        let (code, found) = examine(data.path(), &listen);
        assert_eq!((code, &found["listen address"]["state"]), (Some(1), &Value::from("wrong")));
        contains(found["listen address"]["message"].as_str().unwrap(), &[says]);
        contains(found["listen address"]["next"].as_str().unwrap(), &["--listen"]);
    }
    drop(taken);

    let mut command = Command::new("sh");
    let script = "ulimit -n 64; exec \"$0\" --data \"$1\" doctor --listen 127.0.0.1:0";
    let output =
        command.args(["-c", script, env!("CARGO_BIN_EXE_keyseal")]).arg(data.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    contains(
        &String::from_utf8(output.stdout).unwrap(),
        &["WRONG    open files       64 at once", "ulimit -n"],
    );
    contains(&String::from_utf8(output.stderr).unwrap(), &["1 thing is wrong"]);
}

#[test]
fn doctor_looks_at_the_certificate_and_its_key() {
    let (data, files) = (initialized(), tempfile::tempdir().unwrap());
    mode(data.path(), 0o700);
    let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    let issue = |end: SystemTime| {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.not_after = end.into();
        fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        put_private(pair.serialize_pem().as_bytes(), &key);
    };
    let about_certificate = || {
        let flags = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
        let doctor = ["--json", "doctor", "--listen", "127.0.0.1:0"];
        found(&keyseal(data.path(), &[&doctor[..], &flags].concat())).1.remove("certificate").unwrap()
    };
    let day = Duration::from_hours(24);
    #[expect(clippy::disallowed_methods, reason = "certificates end by the machine's clock")]
    let now = SystemTime::now();
    for (end, state, says) in [
        (now - day, "wrong", "expired at"),
        (now + 13 * day, "warning", "expires at"),
        (now + 15 * day, "right", "matches its key"),
    ] {
        issue(end);
        let finding = about_certificate();
        assert_eq!(finding["state"], state, "{finding}");
        contains(finding["message"].as_str().unwrap(), &[says, certificate.to_str().unwrap()]);
    }
    put_private(KeyPair::generate().unwrap().serialize_pem().as_bytes(), &key);
    contains(about_certificate()["message"].as_str().unwrap(), &["can't be used with the key"]);
    mode(&key, 0o644);
    contains(about_certificate()["message"].as_str().unwrap(), &["by others"]);
}

/// Runs a command as a user whom the data directory keeps out. `None`: only root can become another user.
fn as_stranger(data: &Path, arguments: &[&str]) -> Option<Output> {
    const NOBODY: u32 = 65_534;
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let (_place, program) = copy_of_program();
    Some(
        Command::new(&program)
            .arg("--data")
            .arg(data)
            .args(arguments)
            .uid(NOBODY)
            .current_dir("/")
            .output()
            .unwrap(),
    )
}

#[test]
fn whoever_is_not_the_owner_is_told_who_is_and_doctor_goes_on() {
    let data = sound();
    put_private(b"workers = 1", &data.path().join("keyseal.toml"));
    for command in [&["product", "list"][..], &["serve"], &["backup", "x"], &["config", "show"]] {
        let Some(output) = as_stranger(data.path(), command) else { return };
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        contains(&said, &["the data directory", "belongs to user root (uid 0)", "sudo -u root keyseal"]);
    }
    let Some(output) = as_stranger(data.path(), &["--json", "doctor", "--listen", "127.0.0.1:0"]) else {
        return;
    };
    let (code, found) = found(&output);
    assert_eq!(code, Some(1));
    for check in ["settings", "data directory"] {
        contains(found[check]["message"].as_str().unwrap(), &["belongs to user root (uid 0)"]);
    }
    contains(found["data directory"]["next"].as_str().unwrap(), &["sudo -u root keyseal doctor --data /"]);
    contains(found["database"]["message"].as_str().unwrap(), &["Permission denied"]);
    assert_eq!(found["permissions"]["state"], "unknown");
    // Settings elsewhere: then the database is the first that is out of reach, and not said to be missing.
    let other = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let file = other.path().join("k.toml");
    fs::write(&file, "").unwrap();
    mode(&file, 0o644);
    for command in [&["product", "list"][..], &["serve"], &["init"]] {
        let config = ["--config", file.to_str().unwrap()];
        let Some(output) = as_stranger(data.path(), &[&config[..], command].concat()) else { return };
        let said = String::from_utf8(output.stderr).unwrap();
        contains(&said, &["can't see", "keyseal.db: Permission denied", "sudo -u"]);
    }
}
