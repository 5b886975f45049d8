//! The binary as a process: commands that end, and servers that are ended.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub use keyseal_test_support::program;

pub fn keyseal(data: &Path, arguments: &[&str]) -> Output {
    program().arg("--data").arg(data).args(arguments).output().unwrap()
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

/// A server as a process; killed if the test fails before it ends.
pub struct Server {
    pub process: Child,
    pub out: BufReader<ChildStdout>,
    pub log: BufReader<ChildStderr>,
    pub line: String,
}

impl Server {
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        let mut command = program();
        let serve = command.arg("--data").arg(data).args(["serve", "--listen", "127.0.0.1:0"]);
        Self::run(serve.args(options))
    }

    pub fn run(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        Self { process, out, log, line }
    }

    pub fn url(&self) -> &str {
        self.line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{:?}", self.line))
    }

    pub fn post(&self, fields: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v1/create-license-key-meta", self.url());
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let mut response = agent.post(url).send_form(fields.iter().copied()).unwrap();
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Reads the log up to the line that holds `text`.
    pub fn log_until(&mut self, text: &str) -> String {
        let mut log = String::new();
        while !log.contains(text) {
            assert!(self.log.read_line(&mut log).unwrap() > 0, "the log ended without {text:?}: {log}");
        }
        log
    }

    pub fn signal(&self, signal: &str) {
        // The shell's own command: not every system has it as a program.
        let kill = Command::new("sh").args(["-c", &format!("kill {signal} {}", self.process.id())]).status();
        assert!(kill.unwrap().success());
    }

    /// Ends it with a signal, and gives its exit code, what else it printed, and the rest of its log.
    pub fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        self.signal(signal);
        let (mut rest, mut log) = (String::new(), String::new());
        self.out.read_to_string(&mut rest).unwrap();
        self.log.read_to_string(&mut log).unwrap();
        (self.process.wait().unwrap().code(), rest, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended, or the test has failed: either way there is nothing more to learn.
        drop((self.process.kill(), self.process.wait()));
    }
}
