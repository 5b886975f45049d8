//! The binary as a server process: how it starts, what it logs, how it ends, and the memory and processor time it uses.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::log::Log;
use crate::{Client, program};

/// How long a server may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A server on a port of its own. Killed when dropped, so that a failed test leaves none behind.
pub struct ServerProcess {
    process: Child,
    url: String,
    output: BufReader<ChildStdout>,
    log: Log,
    /// From the start of the process until it said that it listens.
    pub listening_after: Duration,
}

/// A start that the binary refused.
#[derive(Debug)]
pub struct RefusedStart {
    pub code: Option<i32>,
    pub log: String,
    pub after: Duration,
}

/// How a server process ended.
pub struct Exit {
    /// None after a signal that it did not handle.
    pub code: Option<i32>,
    /// What it printed after its first line.
    pub output: String,
    /// What it logged after the line that was last waited for.
    pub log: String,
}

impl ServerProcess {
    /// Runs `keyseal serve` on a data directory.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// Runs `keyseal serve` on a data directory with more options.
    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        Self::run(serve(data).args(options))
    }

    /// Runs a command that serves. Panics if it does not start.
    pub fn run(command: &mut Command) -> Self {
        Self::try_run(command).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Runs a command that serves or refuses to.
    pub fn try_run(command: &mut Command) -> Result<Self, RefusedStart> {
        Self::spawn(command, Stdio::piped())
    }

    /// Runs a command that serves and logs to `log`, a file or nowhere. Panics if it does not start.
    pub fn run_with_log(command: &mut Command, log: impl Into<Stdio>) -> Self {
        Self::spawn(command, log.into()).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    fn spawn(command: &mut Command, log: Stdio) -> Result<Self, RefusedStart> {
        let started = Instant::now();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut log = Log::of(process.stderr.take());
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let after = started.elapsed();
        match line.trim_end().strip_prefix("listening on ") {
            Some(url) => Ok(Self { process, url: url.to_owned(), output, log, listening_after: after }),
            None => Err(RefusedStart {
                code: process.wait().unwrap().code(),
                after: started.elapsed(),
                log: log.rest(),
            }),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.url.split_once("://").map_or("", |(_, address)| address)
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A client with a connection of its own. Panics if it gets none.
    pub fn client(&self, api_key: &str) -> Client {
        Client::connect(self.address(), api_key).unwrap()
    }

    /// Waits for a line with this text. Gives the log from the line waited for before up to this one.
    pub fn log_until(&mut self, text: &str) -> String {
        self.log.until(&[text])
    }

    /// Waits for a line with one of these texts, and gives the same.
    pub fn log_until_any(&mut self, texts: &[&str]) -> String {
        self.log.until(texts)
    }

    /// Everything logged so far.
    pub fn log(&mut self) -> &str {
        self.log.so_far()
    }

    /// Sends a signal by its name in `kill`, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        // The shell's own command: not every system has it as a program.
        let kill = Command::new("sh").args(["-c", &format!("kill {signal} {}", self.pid())]).status();
        assert!(kill.unwrap().success());
    }

    /// SIGTERM: asks it to stop.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// SIGKILL, and waits for its end.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits for its end and gives its exit code; none if it is still running after `timeout`.
    pub fn exit_code(&mut self, timeout: Duration) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < timeout {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// SIGTERM: gives the exit code; none if it is still running 30 seconds later.
    pub fn stop(&mut self) -> Option<i32> {
        self.terminate();
        self.exit_code(STOP_TIMEOUT)
    }

    /// Ends it with a signal.
    pub fn end(mut self, signal: &str) -> Exit {
        self.signal(signal);
        let mut output = String::new();
        self.output.read_to_string(&mut output).unwrap();
        Exit { code: self.process.wait().unwrap().code(), output, log: self.log.rest() }
    }

    /// A row of `/proc/PID/status` in KiB, such as `VmHWM`.
    pub fn memory(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let row = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        row.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Makes `VmHWM` the peak from now on, where the kernel supports it.
    pub fn reset_peak_memory(&self) {
        drop(fs::write(format!("/proc/{}/clear_refs", self.pid()), "5"));
    }

    /// Processor time used so far.
    pub fn processor_time(&self) -> Duration {
        processor_time_of(&self.pid().to_string())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail if it has ended.
        drop((self.process.kill(), self.process.wait()));
    }
}

/// `keyseal serve` on a data directory and any free port.
pub fn serve(data: &Path) -> Command {
    let mut command = program();
    command.arg("--data").arg(data).args(["serve", "--listen", "127.0.0.1:0"]);
    command
}

/// Processor time in user and kernel mode of the process with this id, or of `self`.
pub fn processor_time_of(process: &str) -> Duration {
    /// The unit of processor time in /proc, the same on every Linux.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name in parentheses may hold anything; of the fields after it, the 12th and the 13th are times.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    TICK * fields.skip(11).take(2).map(|field| field.parse::<u32>().unwrap()).sum()
}
