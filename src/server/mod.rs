//! The server: opens what it serves, binds, mounts the routes, shuts down. The seam that tests use.

mod bind;
mod connections;
mod mount;
mod plain;
mod reload;
pub mod systemd;
mod tls;
mod upgrade;
mod demo_secrets;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{ServerHandle, Service as _};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::{NormalizePath, TrailingSlash};
use actix_web::{HttpServer, rt};
use futures_util::TryFutureExt as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{Config, OnHangup};
use crate::domain::Product;
use crate::files::{self, ServerLock};
use crate::serve::{self, App, Demo};
use crate::signing::{KeyError, Keyring, Signatures};
use crate::store::{self, OpenError, Store, UpgradeError};
use crate::worker::Worker;
use tls::{Certificates, TlsError};
pub use tls::{WARN_DAYS as CERTIFICATE_WARN_DAYS, certificate_end};

/// How long a request that was accepted may take to finish once the server is told to stop.
const SHUTDOWN_SECONDS: u64 = 15;

/// How long a server that is told to stop goes on as before, but ends each connection with its next answer.
/// actix closes a connection that is between two requests at once, even if the next one has come and was not
/// read yet.
const LAST_CALL: Duration = Duration::from_millis(250);

/// How long a client may take for the handshake of TLS.
const TLS_HANDSHAKE: Duration = Duration::from_secs(5);

/// Handshakes that a worker has under way at a time. They are cheap while they wait: so many that a crowd
/// which never finishes them keeps nobody out.
const TLS_HANDSHAKES: usize = 8192;

/// How often, and how far apart, it is looked whether all others have let go of the database: a second in all.
const CLOSE_TRIES: u32 = 200;
const CLOSE_PAUSE: Duration = Duration::from_millis(5);

/// How long a start waits to hear whether the database is whole. Of a large one that is heard later, while it
/// is served.
const CHECKED_WITHIN: Duration = Duration::from_millis(50);

/// How often the times of last use are written.
const FLUSH_EVERY: Duration = Duration::from_mins(1);

/// A running server. It accepts connections from the moment [`Server::start`] returns.
pub struct Server {
    address: SocketAddr,
    scheme: &'static str,
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
    metrics_address: Option<SocketAddr>,
    _lock: ServerLock,
}

/// Why a server can't start: what, where, and the next step.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    File(#[from] files::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("can't listen on {listen}: {source}; give another address with {flag}")]
    Listen { listen: String, source: io::Error, flag: &'static str },
    #[error("can't start the server: {0}")]
    Io(#[from] io::Error),
}

impl StartError {
    /// Whether a setting is wrong, so that the next start would find the same.
    pub fn is_of_settings(&self) -> bool {
        matches!(self, Self::Tls(TlsError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound)
    }
}

impl Server {
    /// Opens the data directory, loads the keys, binds and serves on threads of its own.
    pub fn start(mut config: Config) -> Result<Self, StartError> {
        // The reader pool: one connection for each worker, one for each list that is read beside them, and
        // some for what else reads.
        let workers = config.workers;
        let readers = u32::try_from(workers).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2);
        if !config.data.has_database()? {
            return Err(OpenError::Missing(config.data.database()).into());
        }
        config.data.refuse_backup()?;
        let lock = config.data.lock()?;
        upgrade::upgrade(&config.data, &lock)?;
        let signatures = Signatures::start(config.workers)?;
        let delay = Arc::clone(signatures.delay());
        let store = Store::open(&config.data, readers, move || delay.estimate_after_commit())?;
        store.check(&config.data, CHECKED_WITHIN)?;
        let products = store.try_read(|tx| tx.products())?;
        let own_keys: Vec<_> = products.iter().filter_map(Product::own_key).collect();
        let keyring = if config.unsigned {
            Keyring::empty(&config.data)
        } else {
            Keyring::load(&config.data, &own_keys, &store.try_read(|tx| tx.published_keys_of(None))?)?
        };
        if let Some(Err(error)) = keyring.global().map(|key| signatures.measure(&key)) {
            log::error!("the global key can't sign: {error}");
        }
        demo_secrets::refuse_signing_keys(
            &config.demo_secrets,
            &keyring,
            if config.unsigned { &[] } else { &own_keys },
        )?;
        demo_secrets::warn_of_api_keys(&config.demo_secrets, &store)?;
        reload::publish_global_key(&store, &keyring);
        reload::note_key(&config.data, &keyring);
        let certificates = config.http.tls.clone().map(Certificates::load).transpose()?;
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let listener = bind::bind(&config.http.listen, "--listen", config.limits.send_timeout)?;
        let address = listener.local_addr()?;
        let metrics = config.http.metrics_listen.as_deref();
        let metrics = metrics
            .map(|listen| bind::bind(listen, "--metrics-listen", config.limits.send_timeout))
            .transpose()?;
        let metrics_address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
        if certificates.is_none() && !address.ip().is_loopback() && config.http.trusted_proxies.is_empty() {
            log::warn!(
                "plain HTTP on {address}: whoever is on the way can read API keys; give --tls-cert and --tls-key, or name the proxy \
                 with TLS in front by --trusted-proxy"
            );
        }
        config.pages.public_url.get_or_insert_with(|| format!("{scheme}://{address}"));
        let mut app = App::new(config, store, keyring, signatures);
        if let Some(demo) = &app.config.demo {
            app.demo = Some(Demo::begin(demo, &app)?);
        }
        let app = Arc::new(app);
        let (handle, thread) = run(app, listener, metrics, certificates)?;
        Ok(Self { address, scheme, handle, thread, metrics_address, _lock: lock })
    }

    /// Where it listens, with the real port.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where it answers for Prometheus, with the real port, if it does.
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics_address.map(|address| format!("http://{address}/metrics"))
    }

    /// Blocks until SIGTERM, Ctrl-C or [`Server::stop`]; then finishes what is in flight.
    pub fn wait(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the server thread panicked")))
    }

    /// Stops accepting, finishes what is in flight, and comes back when all is written and closed.
    pub fn stop(self) -> io::Result<()> {
        // Completes by itself; waiting for the thread is waiting for it.
        drop(self.handle.stop(true));
        self.wait()
    }
}

/// Runs the actix system on a thread, and gives its handle once it accepts.
fn run(
    app: Arc<App>,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    certificates: Option<Arc<Certificates>>,
) -> Result<(ServerHandle, JoinHandle<io::Result<()>>), StartError> {
    let (started, starting) = mpsc::channel();
    let tls = certificates.as_ref().map(Certificates::server_config).transpose()?;
    let thread = thread::Builder::new().name("server".to_owned()).spawn(move || {
        let last = Arc::clone(&app);
        let ended = rt::System::new().block_on(async move {
            // Ends after the last request: what that queued is in the database.
            let _worker = Worker::start(Arc::clone(&app))?;
            let workers = app.config.workers;
            let connections = connections::most_connections(workers);
            let shared = Arc::clone(&app);
            let stopping = Arc::new(AtomicBool::new(false));
            let is_stopping = Arc::clone(&stopping);
            let server = HttpServer::new(move || {
                let (app, is_stopping) = (Arc::clone(&shared), Arc::clone(&is_stopping));
                actix_web::App::new()
                    .wrap_fn(move |request, service| {
                        let is_stopping = Arc::clone(&is_stopping);
                        let is_head = request.method() == Method::HEAD;
                        service.call(request).map_ok(move |mut response| {
                            if is_head {
                                response = serve::without_body(response);
                            }
                            if is_stopping.load(Ordering::Relaxed) {
                                let head = response.response_mut().head_mut();
                                head.set_connection_type(ConnectionType::Close);
                            }
                            response
                        })
                    })
                    .wrap(NormalizePath::new(TrailingSlash::Trim))
                    .configure(move |service| mount::mount(service, &app))
            })
            .workers(workers)
            .max_connections((connections / workers.max(1)).max(1))
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .disable_signals()
            .tls_handshake_timeout(TLS_HANDSHAKE)
            .max_connection_rate(TLS_HANDSHAKES);
            let server = match tls {
                Some(tls) => server.listen_rustls_0_23(listener, tls)?,
                None => server.listen(listener)?,
            }
            .run();
            let handle = server.handle();
            // Watched before anyone is told that the server runs: a signal from then on is never lost.
            let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let hangup = signal(SignalKind::hangup())?;
            let (reload, stop) = match app.config.on_hangup {
                OnHangup::Reload => (Some(hangup), None),
                OnHangup::Stop => (None, Some(hangup)),
            };
            rt::spawn(reload::on_hangup(Arc::clone(&app), certificates.clone(), reload));
            if let Some(certificates) = certificates {
                rt::spawn(reload::watch(certificates, Arc::clone(&app)));
            }
            rt::spawn(stop_on_signal(handle.clone(), stopping, terminate, interrupt, stop));
            rt::spawn(flush_now_and_then(Arc::clone(&app)));
            rt::spawn(systemd::stay_alive(Arc::clone(&app)));
            let metrics = metrics.map(|listener| serve::serve_metrics(&app, listener)).transpose()?;
            let metrics = metrics.map(|server| (server.handle(), rt::spawn(server)));
            drop(started.send(handle));
            let ended = server.await;
            if let Some((metrics, _)) = metrics {
                metrics.stop(false).await;
            }
            write_last_used(&app).await;
            app.load.log_unavailable();
            log::info!("stopped: {} signatures were made", app.signatures.made());
            ended
        });
        close(last);
        ended
    })?;
    match starting.recv() {
        Ok(handle) => Ok((handle, thread)),
        Err(_) => Err(thread
            .join()
            .map_or_else(
                |_| io::Error::other("the server thread panicked"),
                |ended| ended.err().unwrap_or_else(|| io::Error::other("the server ended at once")),
            )
            .into()),
    }
}

/// Lets go of the database as the last one, so that it is closed, and its log taken in, before the process
/// ends: threads that answered may take a moment longer to end than the server does.
fn close(app: Arc<App>) {
    for _ in 0..CLOSE_TRIES {
        if Arc::strong_count(&app) == 1 {
            break;
        }
        thread::sleep(CLOSE_PAUSE);
    }
    drop(app);
}

/// SIGTERM and Ctrl-C: stop accepting, finish what is in flight. (actix's own handling drops it on Ctrl-C.)
async fn stop_on_signal(
    handle: ServerHandle,
    stopping: Arc<AtomicBool>,
    mut terminate: Signal,
    mut interrupt: Signal,
    hangup: Option<Signal>,
) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = reload::next_hangup(hangup) => {}
    }
    log::info!("stopping: finishing what is in flight");
    systemd::stopping();
    stopping.store(true, Ordering::Relaxed);
    tokio::time::sleep(LAST_CALL).await;
    handle.stop(true).await;
}

async fn flush_now_and_then(app: Arc<App>) {
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        write_last_used(&app).await;
        app.load.tidy();
    }
}

async fn write_last_used(app: &App) {
    if let Err(error) = app.last_used.flush(&app.store).await {
        log::warn!("the times of last use were not written: {error}");
    }
}
