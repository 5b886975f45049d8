//! Runs the HTTP server on a thread of its own, until it is stopped and everything is written and closed.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::rt;
use rustls::ServerConfig;

use super::stop::{self, Signals, Stopping};
use super::tls::Certificates;
use super::{StartError, flush, http, reload, systemd};
use crate::serve::{self, App};
use crate::worker::{Worker, audit_index, retention};

/// The sockets that the server accepts connections on.
pub struct Listeners {
    pub api: TcpListener,
    pub metrics: Option<TcpListener>,
}

/// The running server's thread, and the handle that stops it.
pub struct Running {
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Blocks until the server has stopped.
    pub fn wait(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(thread_panicked()))
    }

    /// Stops the server, and blocks until it has stopped.
    pub fn stop(self) -> io::Result<()> {
        // The stop proceeds without being awaited; joining the thread waits for its end.
        drop(self.handle.stop(true));
        self.wait()
    }
}

/// Starts the thread, and returns once it accepts connections.
pub fn run(
    app: Arc<App>,
    listeners: Listeners,
    certificates: Option<Arc<Certificates>>,
) -> Result<Running, StartError> {
    let tls = certificates.as_ref().map(Certificates::server_config).transpose()?;
    let (started, starting) = mpsc::channel();
    let thread = thread::Builder::new().name("server".to_owned()).spawn(move || {
        let last = Arc::clone(&app);
        let ended = rt::System::new().block_on(serve(app, listeners, certificates, tls, started));
        stop::close(last);
        ended
    })?;
    match starting.recv() {
        Ok(handle) => Ok(Running { handle, thread }),
        Err(_) => Err(failed_start(thread).into()),
    }
}

/// The whole life of the server: sends its handle to `started` when it accepts, and returns when it has stopped.
async fn serve(
    app: Arc<App>,
    listeners: Listeners,
    certificates: Option<Arc<Certificates>>,
    tls: Option<ServerConfig>,
    started: Sender<ServerHandle>,
) -> io::Result<()> {
    // Dropped, and thereby stopped, after the last request. Work that is still queued stays in the database.
    let _worker = Worker::start(Arc::clone(&app))?;
    let stopping = Stopping::default();
    let server = http::server(&app, &stopping, listeners.api, tls)?;
    let handle = server.handle();
    // Registered before anyone learns that the server runs, so that no signal from then on is lost.
    let signals = Signals::register(app.config.on_hangup)?;
    spawn_background_tasks(&app, certificates, signals, handle.clone(), stopping);
    let metrics = listeners.metrics.map(|listener| serve::serve_metrics(&app, listener)).transpose()?;
    let metrics = metrics.map(|server| (server.handle(), rt::spawn(server)));
    drop(started.send(handle));
    let ended = server.await;
    if let Some((metrics, _)) = metrics {
        metrics.stop(false).await;
    }
    flush::write_all(&app).await;
    app.load.log_unavailable();
    log::info!("stopped after making {} signatures", app.signatures.made());
    ended
}

fn spawn_background_tasks(
    app: &Arc<App>,
    certificates: Option<Arc<Certificates>>,
    signals: Signals,
    handle: ServerHandle,
    stopping: Stopping,
) {
    rt::spawn(reload::on_hangup(Arc::clone(app), certificates.clone(), signals.reload));
    if let Some(certificates) = certificates {
        rt::spawn(reload::watch(certificates, Arc::clone(app)));
    }
    rt::spawn(stop::on_signal(signals.stop, handle, stopping));
    rt::spawn(flush::periodically(Arc::clone(app)));
    rt::spawn(flush::write_activity_later(Arc::clone(app)));
    rt::spawn(retention::periodically(Arc::clone(app)));
    rt::spawn(audit_index::periodically(Arc::clone(app)));
    rt::spawn(systemd::stay_alive(Arc::clone(app)));
}

/// Makes the error for a thread that ended before its server accepted connections.
fn failed_start(thread: JoinHandle<io::Result<()>>) -> io::Error {
    match thread.join() {
        Ok(Err(error)) => error,
        Ok(Ok(())) => io::Error::other("the server stopped while it started"),
        Err(_) => thread_panicked(),
    }
}

fn thread_panicked() -> io::Error {
    io::Error::other("the server thread panicked")
}
