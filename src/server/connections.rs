//! Limits on connections: how many are open at a time, and how long a client may leave an answer unread.

use std::io;
use std::time::Duration;

use socket2::Socket;

/// Open files reserved for everything but connections, and for the database readers of each worker.
const RESERVED_FILES: u64 = 128;
const RESERVED_BY_WORKER: u64 = 8;

/// Raises the limit on open files as far as the system allows, and returns how many connections fit in it.
/// Further connections wait to be accepted, because a server without free file descriptors can't open its own
/// files either.
pub fn most_connections(workers: usize) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        log::warn!("can't raise the limit on open files: {error}");
        rlimit::Resource::NOFILE.get_soft().unwrap_or(1024)
    });
    let reserved = RESERVED_FILES + RESERVED_BY_WORKER * u64::try_from(workers).unwrap_or(0);
    let connections = files.saturating_sub(reserved).max(files / 2).max(1);
    if connections < 1024 {
        log::warn!(
            "the limit on open files ({files}) allows only {connections} connections at a time, further ones wait: \
             raise it with \"ulimit -n\", or LimitNOFILE= in the systemd unit"
        );
    } else {
        log::info!("up to {connections} connections at a time (limit on open files: {files})");
    }
    usize::try_from(connections).unwrap_or(usize::MAX)
}

/// Has the kernel end a connection when the client acknowledges no data for `send_timeout` (Linux only): until
/// then the server keeps the answer in memory. Accepted connections inherit the option from the listening socket.
pub fn set_send_timeout(listening: &Socket, send_timeout: Duration) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    listening.set_tcp_user_timeout(Some(send_timeout))?;
    #[cfg(not(target_os = "linux"))]
    let _ = (listening, send_timeout);
    Ok(())
}
