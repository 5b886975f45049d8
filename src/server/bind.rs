//! Binds the sockets that the server listens on.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::{StartError, connections};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Binds to the first address of `listen` that can be bound. `flag` is the option to name in the error.
pub fn bind(listen: &str, flag: &'static str, send_timeout: Duration) -> Result<TcpListener, StartError> {
    let error = |source| StartError::Listen { listen: listen.to_owned(), source, flag };
    let addresses: Vec<SocketAddr> = listen.to_socket_addrs().map_err(error)?.collect();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match bind_to(address, send_timeout) {
            Ok(listener) => return Ok(listener),
            Err(failed) => last = failed,
        }
    }
    Err(error(last))
}

/// Binds like the standard library, but with a longer queue of pending connections: a client whose connection
/// doesn't fit into the queue retries only after a second.
fn bind_to(address: SocketAddr, send_timeout: Duration) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    connections::set_send_timeout(&socket, send_timeout)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
