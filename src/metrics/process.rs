//! CPU time, memory and open files of this process, read from `/proc`. `None` where there is no `/proc`.

use std::fs;

/// The kernel's unit of CPU time in `/proc` (`USER_HZ`), 100 on x86, Arm, POWER and RISC-V.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system CPU time used so far, in seconds.
pub fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, and may contain spaces and parentheses. The
    // numbers after it start with the third field; user and system time are the 14th and 15th.
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut ticks = numbers.split_ascii_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / TICKS_PER_SECOND)
}

/// Resident memory, in bytes.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Number of open file descriptors.
pub fn open_files() -> Option<u64> {
    // Reading the directory opens one descriptor itself.
    u64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?.checked_sub(1)
}
