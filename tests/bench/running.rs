//! A server process, and what it uses: processors and memory, as the kernel counts them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// The kernel's unit of processor time in /proc, the same on every Linux.
const TICKS_PER_SECOND: u32 = 100;

pub struct Running {
    process: Child,
    address: SocketAddr,
    /// From the start of the process until it said that it listens.
    pub ready_after: Duration,
}

impl Running {
    pub fn start(data: &Path) -> Self {
        let started = Instant::now();
        let mut process = crate::support::program()
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0", "--no-rate-limit"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready_after = started.elapsed();
        let address = line.trim().trim_start_matches("listening on http://").parse().unwrap();
        Self { process, address, ready_after }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Processor time used so far.
    pub fn cpu(&self) -> Duration {
        cpu_of(&self.process.id().to_string())
    }

    /// The most memory it ever had, in megabytes, or since [`Self::forget_peak`].
    pub fn peak(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: u32 = line.trim().trim_end_matches(" kB").parse().unwrap();
        f64::from(kilobytes) * 1024.0 / 1e6
    }

    /// Where the kernel can't forget, peaks are those since the start.
    pub fn forget_peak(&self) {
        drop(fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5"));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A bench that failed must not leave its server behind.
        drop((self.process.kill(), self.process.wait()));
    }
}

/// Processor time that a process has used, in user and in kernel mode.
pub fn cpu_of(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name in parentheses may hold anything; the fields after it are numbers, of which these are the 12th and 13th.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).map(|field| field.parse::<u32>().unwrap()).sum();
    Duration::from_secs(1) * ticks / TICKS_PER_SECOND
}

/// Processor time that everything on this machine has used.
pub fn cpu_of_all() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let fields = stat.lines().next().unwrap().split_whitespace().skip(1).take(8);
    let ticks: Vec<u64> = fields.map(|field| field.parse().unwrap()).collect();
    // The fourth and fifth are spent idle and waiting for disks; the eighth was another machine's on the same
    // processor.
    Duration::from_millis(
        (ticks.iter().sum::<u64>() - ticks[3] - ticks[4]) * 1000 / u64::from(TICKS_PER_SECOND),
    )
}
