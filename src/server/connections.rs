//! Limits on connections: how many are open at a time, how many of one address, and how long a client may leave an
//! answer unread.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Shutdown};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use ipnet::IpNet;
use socket2::{SockRef, Socket};

use crate::domain::contains;
use crate::load::Network;

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

/// The most bytes of answers that the kernel keeps for a connection beside those that are on their way, on Linux: it
/// would take megabytes of an answer, long before the client does.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 64 * 1024;

/// Has the kernel end a connection when the client acknowledges no data for `send_timeout` (Linux only): until
/// then the server keeps the answer in memory. Accepted connections inherit the options from the listening socket.
pub fn set_send_timeout(listening: &Socket, send_timeout: Duration) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        listening.set_tcp_user_timeout(Some(send_timeout))?;
        listening.set_tcp_notsent_lowat(UNSENT)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (listening, send_timeout);
    Ok(())
}

/// The number of open connections of each address. None may hold more than half of those that fit.
pub struct OpenConnections {
    by_address: Mutex<HashMap<Network, usize>>,
    most: usize,
    /// Their connections are many clients'.
    trusted_proxies: Vec<IpNet>,
    warning: Once,
}

/// Counts one connection of an address until this is dropped.
struct CountedConnection {
    open: Arc<OpenConnections>,
    client: Network,
}

impl OpenConnections {
    /// `room`: how many connections fit.
    pub fn new(room: usize, trusted_proxies: &[IpNet]) -> Self {
        Self {
            by_address: Mutex::default(),
            most: (room / 2).max(1),
            trusted_proxies: trusted_proxies.to_vec(),
            warning: Once::new(),
        }
    }

    /// Counts a new connection as long as `extensions` live, or ends it if its address has too many.
    pub fn count(self: &Arc<Self>, stream: &TcpStream, extensions: &mut Extensions) {
        let Ok(peer) = stream.peer_addr() else { return };
        let address = peer.ip().to_canonical();
        if contains(&self.trusted_proxies, address) {
            return;
        }
        match self.enter(address) {
            Some(counted) => {
                extensions.insert(counted);
            }
            None => {
                // It is closed already if this fails.
                drop(SockRef::from(stream).shutdown(Shutdown::Both));
            }
        }
    }

    fn enter(self: &Arc<Self>, address: IpAddr) -> Option<CountedConnection> {
        let client = Network::of(address);
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(client).or_default();
        if *count >= self.most {
            self.warning.call_once(|| {
                log::warn!(
                    "{address} holds {} connections, half of the room: more of them are closed; if it is a proxy, \
                     name it with --trusted-proxy",
                    self.most
                );
            });
            return None;
        }
        *count += 1;
        Some(CountedConnection { open: Arc::clone(self), client })
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        let mut by_address = self.open.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                by_address.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_half_of_the_room_and_leaves_the_rest_to_others() {
        let connections = Arc::new(OpenConnections::new(4, &[]));
        let [one, other] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        let first = connections.enter(one).unwrap();
        let second = connections.enter(one).unwrap();
        assert!(connections.enter(one).is_none());
        let third = connections.enter(other).unwrap();
        drop(first);
        let again = connections.enter(one).unwrap();
        drop((second, third, again));
        assert!(connections.by_address.lock().unwrap().is_empty());
    }
}
