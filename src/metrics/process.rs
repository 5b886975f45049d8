//! What this process uses, as the kernel counts it. Where there is no /proc, there is nothing to tell.

use std::fs;

/// The kernel's unit of processor time in /proc, the same on every Linux that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor time used so far, by the program and by the kernel for it.
pub fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in parentheses, may hold anything; after it the numbers begin with the third.
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut ticks = numbers.split_ascii_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / TICKS_PER_SECOND)
}

/// Memory in use, in bytes.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

pub fn open_files() -> Option<u64> {
    // One of them is the one that counts.
    u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?.checked_sub(1)
}
