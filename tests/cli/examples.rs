//! The programs in `examples/`, each against the real server, and against forged answers.
//!
//! A language whose tools this machine doesn't have is left out, and its test says so. Rust never is.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use keyseal_test_support::post_form;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _, LineEnding};
use tempfile::TempDir;

use crate::forged::{API_KEY, IDENTIFIER, answer, flipped, member, stub};
use crate::support::Server;

/// Of a product with a key of its own.
const VALID: &str = "3a343c8a-38fe-4b6e-ad77-2222222";
const BLOCKED: &str = "demo-blocked";
/// Of a product that the global key signs for.
const PLAIN: &str = "demo-plain-product";

/// What an example ended with, and what it printed.
type Ended = (Option<i32>, String);

fn valid() -> Ended {
    (Some(0), "valid\n".to_owned())
}

fn refused(why: &str) -> Ended {
    (Some(1), format!("refused: {why}\n"))
}

fn untrusted() -> Ended {
    (Some(2), String::new())
}

/// An example that is ready to run, in a directory with the public keys of the demo.
struct Example {
    program: Vec<String>,
    directory: TempDir,
}

impl Example {
    fn ask(&self, url: &str, license_key: &str, public_keys: &[&str]) -> Ended {
        let mut command = command(&self.program[0]);
        command.args(&self.program[1..]).args([url, API_KEY, license_key, IDENTIFIER]).args(public_keys);
        let output = command.current_dir(self.directory.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        // What can't be trusted is explained; a crash is no explanation.
        let explained = told.lines().any(|line| line.starts_with("not trustworthy: "));
        assert_eq!(output.status.code() == Some(2), explained, "{output:?}");
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }
}

/// A program that finds no proxy in its environment: all that is asked here is on this machine.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().to_lowercase().ends_with("_proxy") {
            command.env_remove(&name);
        }
    }
    command
}

fn in_repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_str().unwrap().to_owned()
}

/// A directory with the public keys that a vendor would build into his product.
fn public_keys() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for name in ["product-1.pem", "global.pem"] {
        let private = fs::read_to_string(in_repository(&format!("data/demo/keys/{name}"))).unwrap();
        let public = RsaPrivateKey::from_pkcs8_pem(&private).unwrap().to_public_key();
        fs::write(directory.path().join(name), public.to_public_key_pem(LineEnding::LF).unwrap()).unwrap();
    }
    directory
}

/// Whether the machine has a tool, which proves it by doing something that asks nothing of the network.
fn has(tool: &[&str]) -> bool {
    let tried = command(tool[0]).args(&tool[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// Runs an interpreter's example through everything, or says that the machine can't.
fn try_all_if(tool: &[&str], program: &[&str]) {
    if has(tool) {
        let program = program.iter().map(|&part| part.to_owned()).collect();
        try_all(&Example { program, directory: public_keys() });
    } else {
        skip(tool);
    }
}

/// Past the capture of the test harness, so that it is seen also where all is well.
fn skip(tool: &[&str]) {
    let mut seen = std::io::stderr();
    writeln!(seen, "examples: \"{}\" fails here, so its example is not run", tool.join(" ")).unwrap();
}

fn try_all(example: &Example) {
    let server = demo();
    let url = server.url();
    // At the same time, because some programs take long to start; but for those that move the server's clock.
    thread::scope(|scope| {
        scope.spawn(|| it_tells_a_valid_license_from_others(example, url));
        scope.spawn(|| it_believes_only_what_is_signed(example, url));
        scope.spawn(|| it_believes_nothing_that_is_no_answer(example, url));
    });
    it_believes_no_other_time(example, url);
}

fn demo() -> Server {
    let mut command = crate::support::program();
    Server::run(command.args(["demo", "--listen", "127.0.0.1:0", "--seed", "1"]))
}

fn it_tells_a_valid_license_from_others(example: &Example, url: &str) {
    let both = ["product-1.pem", "global.pem"];
    for (license_key, keys, ended) in [
        (VALID, &both[..1], valid()),
        (VALID, &both, valid()),
        (PLAIN, &both[1..], valid()),
        (BLOCKED, &both[..1], refused("204 License key blocked")),
        (
            "demo-not-activated",
            &both[..1],
            refused("202 No activation found for this license key/identifier combination"),
        ),
        ("a&b=c %+ö", &both, refused("210 Invalid license key")),
        // What the global key signed, to who doesn't have it.
        ("unknown", &both[..1], untrusted()),
        // Another product's "valid", under the key that all products without one share.
        (PLAIN, &both, untrusted()),
        (PLAIN, &both[..1], untrusted()),
    ] {
        assert_eq!(example.ask(url, license_key, keys), ended, "{license_key} {keys:?}");
    }
    assert_eq!(example.ask(&format!("{url}/"), VALID, &both), valid(), "a slash at the end of the address");
}

fn it_believes_only_what_is_signed(example: &Example, url: &str) {
    let keys = ["product-1.pem", "global.pem"];
    let (good, blocked) = (answer(url, VALID), answer(url, BLOCKED));
    let (good_response, blocked_response) = (member(&good, "response\":"), member(&blocked, "response\":"));
    let ask = |body: &str, ended: Ended, why: &str| {
        let stub = stub("200 OK", body);
        assert_eq!(example.ask(&stub, VALID, &keys), ended, "{why}");
    };
    ask(&good, valid(), "an answer that somebody passes on untouched");
    ask(
        &blocked.replace(blocked_response, good_response),
        refused("204 License key blocked"),
        "another response, which nobody reads",
    );
    for (name, wrong) in [
        ("signature\":\"", flipped(&good, "signature\":\"")),
        ("response_base64\":\"", flipped(&good, "response_base64\":\"")),
    ] {
        ask(&wrong, untrusted(), &format!("a letter of {name} is another one"));
    }
    let foreign = good.replace(member(&good, "signature\":\""), member(&blocked, "signature\":\""));
    ask(&foreign, untrusted(), "the signature of another answer");
    let foreign = blocked
        .replace(member(&blocked, "response_base64\":\""), member(&good, "response_base64\":\""))
        .replace(blocked_response, good_response);
    ask(&foreign, untrusted(), "a refusal whose signed text is another one");
    for signature in ["", "Private key not set", "AAAA", "null"] {
        let unsigned = good.replace(member(&good, "signature\":\""), signature);
        ask(&unsigned, untrusted(), &format!("the signature {signature:?}"));
    }
}

fn it_believes_nothing_that_is_no_answer(example: &Example, url: &str) {
    let good = answer(url, VALID);
    let keys = ["product-1.pem", "global.pem"];
    let elsewhere = format!("307 Temporary Redirect\r\nLocation: {url}/api/v1/verify");
    for (status, body) in [
        ("500 Internal Server Error", good.as_str()),
        ("404 Not Found", &good),
        (&elsewhere, &good),
        ("200 OK", ""),
        ("200 OK", "<html>You are offline</html>"),
        ("200 OK", "[]"),
        ("200 OK", "null"),
        ("200 OK", r#"{"response":{"code":200,"message":"Valid license key","timestamp":1}}"#),
        ("200 OK", r#"{"response_base64":{},"signature":7}"#),
    ] {
        assert_eq!(example.ask(&stub(status, body), VALID, &keys), untrusted(), "{status} {body}");
    }
    let refusal = answer(url, BLOCKED);
    let under_401 = stub("401 Unauthorized", &refusal);
    assert_eq!(example.ask(&under_401, VALID, &keys), refused("204 License key blocked"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(example.ask(&format!("http://{closed}"), VALID, &keys), untrusted(), "nobody there");
    assert_eq!(example.ask(url, VALID, &["missing.pem"]), untrusted(), "no key");
}

fn it_believes_no_other_time(example: &Example, url: &str) {
    let keys = ["product-1.pem"];
    for (seconds, ended) in [("-240", valid()), ("-3600", untrusted()), ("7400", untrusted())] {
        assert_eq!(post_form(&format!("{url}/demo/clock"), &[("advance", seconds)]).0, 200);
        assert_eq!(example.ask(url, VALID, &keys), ended, "{seconds} seconds");
    }
}

#[test]
fn the_rust_example_believes_only_what_is_signed() {
    try_all(&Example {
        program: vec![rust_example().to_str().unwrap().to_owned()],
        directory: public_keys(),
    });
}

/// `cargo test` has built it; `cargo test --test cli` alone has not.
fn rust_example() -> PathBuf {
    let profile = Path::new(env!("CARGO_BIN_EXE_keyseal")).parent().unwrap();
    let program = profile.join("examples/check_license");
    let age = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    if age(&program) < age(Path::new(&in_repository("examples/check_license.rs"))) {
        build_rust_example(profile);
    }
    program
}

fn build_rust_example(profile: &Path) {
    let mut build = command(env!("CARGO"));
    build.args(["build", "--quiet", "--offline", "--locked", "--example", "check_license", "--target-dir"]);
    build.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    // What cargo tells a test would look like a change to build scripts, which would then be run again, here
    // and in the next build.
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|own| shown.starts_with(own)) {
            build.env_remove(&name);
        }
    }
    assert!(build.env_remove("LD_LIBRARY_PATH").status().unwrap().success());
}

#[test]
fn the_shell_example_believes_only_what_is_signed() {
    let tools = "curl --version && openssl version && jq --version";
    try_all_if(&["sh", "-c", tools], &["sh", &in_repository("examples/check_license.sh")]);
}

#[test]
fn the_php_example_believes_only_what_is_signed() {
    const PHP: &str = "exit((int) !(extension_loaded('openssl') && ini_get('allow_url_fopen')));";
    let example = in_repository("examples/check_license.php");
    try_all_if(&["php", "-r", PHP], &["php", &example]);
}

#[test]
fn the_javascript_example_believes_only_what_is_signed() {
    const NODE: &str = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";
    let example = in_repository("examples/check_license.mjs");
    try_all_if(&["node", "-e", NODE], &["node", &example]);
}

#[test]
fn the_python_example_believes_only_what_is_signed() {
    let example = in_repository("examples/check_license.py");
    try_all_if(&["python3", "-c", "import cryptography.hazmat.primitives.hashes"], &["python3", &example]);
}

#[test]
fn the_java_example_believes_only_what_is_signed() {
    // Started often and for a moment: no time to optimize.
    let java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "CheckLicense"];
    built("javac", &["-d", "."], "CheckLicense.java", &java);
}

#[test]
fn the_go_example_believes_only_what_is_signed() {
    built("go", &["build", "-o", "check_license"], "check_license.go", &["./check_license"]);
}

/// Runs an example through everything that a compiler compiles once, or says that there is no compiler.
fn built(compiler: &str, options: &[&str], source: &str, program: &[&str]) {
    let version = [compiler, if compiler == "go" { "version" } else { "--version" }];
    if !has(&version) {
        return skip(&version);
    }
    let directory = public_keys();
    let mut build = command(compiler);
    build.args(options).arg(in_repository(&format!("examples/{source}"))).current_dir(directory.path());
    // Nothing but what the machine has.
    build.envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOFLAGS", "")]);
    assert!(build.status().unwrap().success(), "{source} does not compile");
    try_all(&Example { program: program.iter().map(|&part| part.to_owned()).collect(), directory });
}
