//! The server that is measured, and the processor time of the whole machine.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{ServerProcess, serve};

/// The kernel's unit of processor time in /proc, the same on every Linux.
const TICKS_PER_SECOND: u32 = 100;

/// Runs a server without rate limits and without a log.
pub fn start(data: &Path) -> ServerProcess {
    ServerProcess::run_with_log(serve(data).arg("--no-rate-limit"), Stdio::null())
}

/// The peak memory of a server in megabytes: since the last reset or, where the kernel can't reset it, since its start.
pub fn peak_megabytes(server: &ServerProcess) -> f64 {
    let kilobytes = u32::try_from(server.memory("VmHWM")).unwrap();
    f64::from(kilobytes) * 1024.0 / 1e6
}

/// Processor time that everything on this machine has used.
pub fn processor_time_of_all() -> Duration {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let fields = stat.lines().next().unwrap().split_whitespace().skip(1).take(8);
    let ticks: Vec<u64> = fields.map(|field| field.parse().unwrap()).collect();
    // The fourth and fifth are spent idle and waiting for disks; the eighth was another machine's on the same
    // processor.
    Duration::from_millis(
        (ticks.iter().sum::<u64>() - ticks[3] - ticks[4]) * 1000 / u64::from(TICKS_PER_SECOND),
    )
}
