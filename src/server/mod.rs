//! The server: starts, listens, mounts the routes, reloads keys and certificates, and stops. Tests use it
//! through [`Server`].

mod bind;
mod connections;
mod demo_secrets;
mod error;
mod flush;
mod head_timer;
mod http;
mod mount;
mod pace;
mod reload;
mod run;
mod start;
mod stop;
mod stream;
pub mod systemd;
mod tls;
mod upgrade;
mod warnings;

use std::io;
use std::net::SocketAddr;

use crate::config::Config;
use crate::files::ServerLock;
use run::Running;

pub use error::StartError;
pub use tls::{WARN_DAYS as CERTIFICATE_WARN_DAYS, certificate_end};

/// A running server. It accepts connections from the moment [`Server::start`] returns.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    metrics_address: Option<SocketAddr>,
    running: Running,
    /// Keeps a second server off the data directory.
    _lock: ServerLock,
}

impl Server {
    /// Opens the data directory, loads the keys, binds the listeners, and serves on threads of its own.
    pub fn start(config: Config) -> Result<Self, StartError> {
        start::start(config)
    }

    /// The base URL of the API, with the actual port.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The URL of the metrics, with the actual port. `None`: they are not served.
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics_address.map(|address| format!("http://{address}/metrics"))
    }

    /// Blocks until SIGTERM, Ctrl-C or [`Server::stop`], and until the requests in flight are finished.
    pub fn wait(self) -> io::Result<()> {
        self.running.wait()
    }

    /// Stops accepting connections, finishes the requests in flight, and returns when the database is closed.
    pub fn stop(self) -> io::Result<()> {
        self.running.stop()
    }
}
