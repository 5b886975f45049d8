//! The real binary as a process: started, killed, told to stop.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Client;

/// A server as a process; killed when dropped, so that a failed proof leaves none behind.
pub struct Server {
    process: Child,
    address: String,
    api_key: String,
    /// From the start of the process to its first `ready`.
    pub ready_after: Duration,
}

impl Server {
    pub fn start(data: &Path, api_key: &str) -> Self {
        Self::run(data, api_key, "serve", &[], &[], Stdio::null())
    }

    /// Starts with more flags and in another environment, and logs to a file what is wrong.
    pub fn start_logged(
        data: &Path,
        api_key: &str,
        flags: &[&str],
        environment: &[(&str, &str)],
        log: File,
    ) -> Self {
        Self::run(data, api_key, "serve", flags, environment, log.into())
    }

    /// Makes the sample world in a new directory, and serves it.
    pub fn demo(data: &Path, api_key: &str) -> Self {
        Self::run(data, api_key, "demo", &[], &[], Stdio::null())
    }

    fn run(
        data: &Path,
        api_key: &str,
        command: &str,
        flags: &[&str],
        environment: &[(&str, &str)],
        log: Stdio,
    ) -> Self {
        let started = Instant::now();
        let mut process = crate::support::program()
            .arg("--data")
            .arg(data)
            .args([command, "--listen", "127.0.0.1:0", "--no-rate-limit"])
            .args(flags)
            .env("RUST_LOG", "warn")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("it starts").to_owned();
        let mut server = Self { process, address, api_key: api_key.to_owned(), ready_after: Duration::ZERO };
        server.check_ready();
        server.ready_after = started.elapsed();
        server
    }

    /// A client with a connection of its own. Panics if it gets none.
    pub fn client(&self) -> Client {
        self.try_client().unwrap()
    }

    pub fn try_client(&self) -> std::io::Result<Client> {
        Client::connect(&self.address, &self.api_key)
    }

    /// Panics unless it says that it is ready.
    pub fn check_ready(&self) {
        let ready = self.client().exchange(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert_eq!(ready, "ready\n");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// SIGKILL: it gets no chance to do anything more.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGTERM: it is asked to stop.
    pub fn terminate(&self) {
        let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.process.id())]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for its end and gives its exit code; nothing, if it did not end in time.
    pub fn exit_code(&mut self, patience: Duration) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < patience {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop((self.process.kill(), self.process.wait()));
    }
}
