//! Where the server listens.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::{StartError, connections};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

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

/// As the standard library binds, but with a queue for connections that a burst doesn't overflow: a client
/// whose connection finds no place waits a second before it tries again.
fn bind_to(address: SocketAddr, send_timeout: Duration) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    connections::end_those_that_take_nothing(&socket, send_timeout)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
