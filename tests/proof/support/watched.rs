//! The real binary with its log read along: how it refuses to start, and what it says while it runs.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Client;

/// Past this a server that says nothing has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Watched {
    process: Child,
    pub address: String,
    log: Receiver<String>,
    seen: String,
}

/// A start that was refused.
pub struct Refused {
    pub code: Option<i32>,
    pub log: String,
    pub after: Duration,
}

impl Watched {
    /// Runs `command`, which serves a data directory on any free port.
    pub fn start(command: &mut Command) -> Result<Self, Refused> {
        let started = Instant::now();
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (line_of, log) = channel();
        let errors = BufReader::new(process.stderr.take().unwrap());
        thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                if line_of.send(line).is_err() {
                    break;
                }
            }
        });
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            let code = process.wait().unwrap().code();
            let after = started.elapsed();
            return Err(Refused { code, log: log.iter().collect::<Vec<_>>().join("\n"), after });
        };
        Ok(Self { process, address: address.to_owned(), log, seen: String::new() })
    }

    pub fn client(&self, api_key: &str) -> Client {
        Client::connect(&self.address, api_key).unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// All that it logged up to the first line that holds one of these words.
    pub fn log_until(&mut self, words: &[&str]) -> &str {
        while !words.iter().any(|word| self.seen.contains(word)) {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it never logged {words:?}: {}", self.seen));
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        &self.seen
    }

    /// All that it has logged.
    pub fn log(&mut self) -> &str {
        for line in self.log.try_iter() {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        &self.seen
    }

    /// Asks it to stop, and gives its exit code; nothing, if it did not end in time.
    pub fn stop(&mut self, patience: Duration) -> Option<i32> {
        let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.pid())]).status();
        assert!(kill.unwrap().success());
        let asked = Instant::now();
        while asked.elapsed() < patience {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// A figure of the process, such as `VmHWM`, in KiB.
    pub fn memory(&self, name: &str) -> u64 {
        let mut status = String::new();
        let path = format!("/proc/{}/status", self.pid());
        std::fs::File::open(path).unwrap().read_to_string(&mut status).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Processor time that it has used, in ticks of a hundredth of a second.
    pub fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended already.
        drop((self.process.kill(), self.process.wait()));
    }
}

/// `keyseal serve` on a data directory and any free port.
pub fn serving(data: &Path) -> Command {
    let mut command = crate::support::program();
    command.arg("--data").arg(data).args(["serve", "--listen", "127.0.0.1:0", "--no-rate-limit"]);
    command
}
