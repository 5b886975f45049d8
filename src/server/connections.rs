//! How many connections a server holds, and for how long it waits for a client that takes nothing.

use std::io;
use std::time::Duration;

use socket2::Socket;

/// Open files that are kept for all but connections, and for each worker its readers of the database.
const RESERVED_FILES: u64 = 128;
const RESERVED_BY_WORKER: u64 = 8;

/// Raises the limit on open files as far as the system allows, and gives how many connections that leaves
/// room for. Past that, connections wait to be accepted: a server that has run out of files can't read its
/// own.
pub fn most_connections(workers: usize) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        log::warn!("the limit on open files can't be raised: {error}");
        rlimit::Resource::NOFILE.get_soft().unwrap_or(1024)
    });
    let reserved = RESERVED_FILES + RESERVED_BY_WORKER * u64::try_from(workers).unwrap_or(0);
    let connections = files.saturating_sub(reserved).max(files / 2).max(1);
    if connections < 1024 {
        log::warn!(
            "the limit on open files, {files}, leaves room for {connections} connections, and more wait: raise it (ulimit -n, or LimitNOFILE= of systemd)"
        );
    } else {
        log::info!("room for {connections} connections at once (the limit on open files is {files})");
    }
    usize::try_from(connections).unwrap_or(usize::MAX)
}

/// Has the system end connections whose other side takes nothing for so long: until then, its answer is held
/// in memory. Connections that are accepted have it from the socket that listens.
pub fn end_those_that_take_nothing(listening: &Socket, send_timeout: Duration) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    listening.set_tcp_user_timeout(Some(send_timeout))?;
    #[cfg(not(target_os = "linux"))]
    let _ = (listening, send_timeout);
    Ok(())
}
