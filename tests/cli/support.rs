//! The binary as a process: commands that end, and servers that are ended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use keyseal_test_support::post_form;
pub use keyseal_test_support::{Exit, ServerProcess as Server, program};

pub fn keyseal(data: &Path, arguments: &[&str]) -> Output {
    program().arg("--data").arg(data).args(arguments).output().unwrap()
}

/// A copy of the program where each user gets to it. Another process writes it: if this one did, a child that another
/// test starts meanwhile would have it open for writing too, and it could not be run ("Text file busy").
pub fn copy_of_program() -> (TempDir, PathBuf) {
    let place = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let copy = place.path().join("keyseal");
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_keyseal")).arg(&copy).status().unwrap().success());
    (place, copy)
}

/// Runs a command that must be done, with --json, and gives its result.
pub fn done(data: &Path, arguments: &[&str]) -> Value {
    let output = keyseal(data, &[&["--json"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command that must be refused with 1, and gives what it says.
pub fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = keyseal(data, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

pub fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

/// A directory that `init` made, with the test-only key so that none has to be generated.
pub fn initialized() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    import_test_key(data.path(), &[]);
    done(data.path(), &["init"]);
    data
}

/// Creates a license of product 1, and gives it.
pub fn create_license(data: &Path, key: &str, options: &[&str]) -> Value {
    done(data, &[&["license", "create", "--product", "1", "--key", key], options].concat())
}

pub fn import_test_key(data: &Path, options: &[&str]) {
    let outside = tempfile::tempdir().unwrap();
    let key = outside.path().join("key.pem");
    put_private(&golden_key("pkcs8.pem"), &key);
    done(data, &[&["signing-key", "import", key.to_str().unwrap()], options].concat());
}

pub fn golden_key(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/keys").join(name)).unwrap()
}

pub fn put_private(content: &[u8], path: &Path) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Posts a form to `create-license-key-meta`.
pub fn create_meta(server: &Server, fields: &[(&str, &str)]) -> Value {
    let (_, body) = post_form(&format!("{}/api/v1/create-license-key-meta", server.url()), fields);
    serde_json::from_str(&body).unwrap()
}
