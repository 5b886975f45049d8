//! A server process that knows the API key that its clients use.

use std::fs::File;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use keyseal_test_support::{ServerProcess, program, serve};

use super::Client;

/// A server process, and the API key that its clients use.
pub struct Server {
    process: ServerProcess,
    api_key: String,
    /// From the start of the process to its first `ready`.
    pub ready_after: Duration,
}

impl Server {
    pub fn start(data: &Path, api_key: &str) -> Self {
        Self::run(&mut serving(data), api_key, Stdio::null())
    }

    /// Starts with more options and in another environment, and logs warnings and errors to a file.
    pub fn start_logged(
        data: &Path,
        api_key: &str,
        options: &[&str],
        environment: &[(&str, &str)],
        log: File,
    ) -> Self {
        Self::run(serving(data).args(options).envs(environment.iter().copied()), api_key, log)
    }

    /// Makes the sample world in a new directory, and serves it.
    pub fn demo(data: &Path, api_key: &str) -> Self {
        let mut command = program();
        command.arg("--data").arg(data).args(["demo", "--listen", "127.0.0.1:0", "--no-rate-limit"]);
        Self::run(&mut command, api_key, Stdio::null())
    }

    fn run(command: &mut Command, api_key: &str, log: impl Into<Stdio>) -> Self {
        let started = Instant::now();
        let process = ServerProcess::run_with_log(command.env("RUST_LOG", "warn"), log);
        let mut server = Self { process, api_key: api_key.to_owned(), ready_after: Duration::ZERO };
        server.check_ready();
        server.ready_after = started.elapsed();
        server
    }

    /// A client with a connection of its own. Panics if it gets none.
    pub fn client(&self) -> Client {
        self.process.client(&self.api_key)
    }

    /// Panics unless it says that it is ready.
    pub fn check_ready(&self) {
        let ready = self.client().exchange(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert_eq!(ready, "ready\n");
    }
}

impl Deref for Server {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut ServerProcess {
        &mut self.process
    }
}

/// `keyseal serve` without rate limits on a data directory and any free port.
pub fn serving(data: &Path) -> Command {
    let mut command = serve(data);
    command.arg("--no-rate-limit");
    command
}
