//! The server: opens what it serves, binds, mounts the routes, shuts down. The seam that tests use.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{ServerHandle, Service as _};
use actix_web::http::ConnectionType;
use actix_web::middleware::{NormalizePath, TrailingSlash};
use actix_web::{HttpRequest, HttpServer, Resource, guard, rt, web};
use futures_util::TryFutureExt as _;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::routes::{PREFIXES, ROUTES};
use crate::serve::{self, App, LastUsed};
use crate::signing::{KeyError, Keyring, Signatures};
use crate::store::{self, OpenError, ServerLock, Store};
use crate::worker::Worker;

/// How long a request that was accepted may take to finish once the server is told to stop.
const SHUTDOWN_SECONDS: u64 = 15;

/// How long a server that is told to stop goes on as before, but ends each connection with its next answer. actix closes a connection that
/// is between two requests at once, even if the next one has come and was not read yet.
const LAST_CALL: Duration = Duration::from_millis(250);

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// How often, and how far apart, it is looked whether all others have let go of the database: a second in all.
const CLOSE_TRIES: u32 = 200;
const CLOSE_PAUSE: Duration = Duration::from_millis(5);

/// How often the times of last use are written.
const FLUSH_EVERY: Duration = Duration::from_mins(1);

/// A running server. It accepts connections from the moment [`Server::start`] returns.
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
    _lock: ServerLock,
}

/// Why a server can't start: what, where, and the next step.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("can't listen on {listen}: {source}; give another address with --listen")]
    Listen { listen: String, source: io::Error },
    #[error("can't start the server: {0}")]
    Io(#[from] io::Error),
}

impl Server {
    /// Opens the data directory, loads the keys, binds and serves on threads of its own.
    pub fn start(mut config: Config) -> Result<Self, StartError> {
        // The reader pool: one connection for each worker, one for each list that is read beside them, and some for what else reads.
        let workers = config.workers;
        let readers = u32::try_from(workers).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2);
        if !config.data.database().exists() {
            return Err(OpenError::Missing(config.data.database()).into());
        }
        let lock = config.data.lock()?;
        let store = Store::open(&config.data, readers)?;
        let products = store.read(|tx| tx.products())??;
        let own_keys: Vec<_> =
            products.into_iter().filter_map(|product| Some((product.id, product.signing_key?))).collect();
        let keyring = if config.unsigned {
            Keyring::empty(&config.data)
        } else {
            Keyring::load(&config.data, &own_keys)?
        };
        let signatures = Signatures::start(config.workers)?;
        let listener = bind(&config.listen)?;
        let address = listener.local_addr()?;
        config.public_url.get_or_insert_with(|| format!("http://{address}"));
        let app = Arc::new(App {
            config,
            store,
            keyring,
            signatures,
            last_used: LastUsed::default(),
            lists: Semaphore::new(workers),
        });
        let (handle, thread) = run(app, listener)?;
        Ok(Self { address, handle, thread, _lock: lock })
    }

    /// Where it listens, with the real port.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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

fn bind(listen: &str) -> Result<TcpListener, StartError> {
    let error = |source| StartError::Listen { listen: listen.to_owned(), source };
    let addresses: Vec<SocketAddr> = listen.to_socket_addrs().map_err(error)?.collect();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match bind_to(address) {
            Ok(listener) => return Ok(listener),
            Err(failed) => last = failed,
        }
    }
    Err(error(last))
}

/// As the standard library binds, but with a queue for connections that a burst doesn't overflow: a client whose connection finds no
/// place waits a second before it tries again.
fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Runs the actix system on a thread, and gives its handle once it accepts.
fn run(
    app: Arc<App>,
    listener: TcpListener,
) -> Result<(ServerHandle, JoinHandle<io::Result<()>>), StartError> {
    let (started, starting) = mpsc::channel();
    let thread = thread::Builder::new().name("server".to_owned()).spawn(move || {
        let last = Arc::clone(&app);
        let ended = rt::System::new().block_on(async move {
            // Ends after the last request: what that queued is in the database.
            let _worker = Worker::start(Arc::clone(&app))?;
            let workers = app.config.workers;
            let shared = Arc::clone(&app);
            let stopping = Arc::new(AtomicBool::new(false));
            let is_stopping = Arc::clone(&stopping);
            let server = HttpServer::new(move || {
                let (app, is_stopping) = (Arc::clone(&shared), Arc::clone(&is_stopping));
                actix_web::App::new()
                    .wrap_fn(move |request, service| {
                        let is_stopping = Arc::clone(&is_stopping);
                        service.call(request).map_ok(move |mut response| {
                            if is_stopping.load(Ordering::Relaxed) {
                                let head = response.response_mut().head_mut();
                                head.set_connection_type(ConnectionType::Close);
                            }
                            response
                        })
                    })
                    .wrap(NormalizePath::new(TrailingSlash::Trim))
                    .configure(move |service| mount(service, &app))
            })
            .workers(workers)
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .disable_signals()
            .listen(listener)?
            .run();
            let handle = server.handle();
            // Watched before anyone is told that the server runs: a signal from then on is never lost.
            let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            rt::spawn(stop_on_signal(handle.clone(), stopping, terminate, interrupt));
            rt::spawn(flush_now_and_then(Arc::clone(&app)));
            drop(started.send(handle));
            let ended = server.await;
            write_last_used(&app).await;
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

/// Lets go of the database as the last one, so that it is closed, and its log taken in, before the process ends: threads that answered may
/// take a moment longer to end than the server does.
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
) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    log::info!("stopping: finishing what is in flight");
    stopping.store(true, Ordering::Relaxed);
    tokio::time::sleep(LAST_CALL).await;
    handle.stop(true).await;
}

async fn flush_now_and_then(app: Arc<App>) {
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        write_last_used(&app).await;
    }
}

async fn write_last_used(app: &App) {
    if let Err(error) = app.last_used.flush(&app.store).await {
        log::warn!("the times of last use were not written: {error}");
    }
}

/// Mounts the table under each prefix, and beside it what is not part of the API.
fn mount(service: &mut web::ServiceConfig, app: &Arc<App>) {
    for prefix in PREFIXES {
        let paths = ROUTES.iter().flat_map(|route| {
            std::iter::once(&route.path).chain(route.aliases).map(move |path| (route, path))
        });
        for (route, path) in paths {
            let (here, there) = (Arc::clone(app), Arc::clone(app));
            service.service(
                web::resource(format!("{prefix}{path}"))
                    .route(web::method(route.method.clone()).to(
                        move |request: HttpRequest, payload: web::Payload| {
                            serve::answer(Arc::clone(&here), route, request, payload)
                        },
                    ))
                    .default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
                        serve::method_not_allowed(
                            Arc::clone(&there),
                            route.path,
                            route.method.as_str(),
                            request,
                            payload,
                        )
                    })),
            );
        }
        mount_downloads(service, prefix, app);
        mount_changelog(service, prefix, app);
    }
    let (ready, unknown) = (Arc::clone(app), Arc::clone(app));
    let readyz = move |request, payload| serve::readyz(Arc::clone(&ready), request, payload);
    service.service(health("/livez").to(serve::livez)).service(health("/readyz").to(readyz)).default_service(
        web::to(move |request: HttpRequest, payload: web::Payload| {
            serve::unknown_endpoint(Arc::clone(&unknown), request, payload)
        }),
    );
}

/// Health is asked for by GET, or by probes that want no body by HEAD.
fn health(path: &str) -> Resource {
    web::resource(path).guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Not in the table: its fields are segments of the path, and its answer is a file that streams (contract §5.1).
fn mount_downloads(service: &mut web::ServiceConfig, prefix: &str, app: &Arc<App>) {
    let (get, head, other) = (Arc::clone(app), Arc::clone(app), Arc::clone(app));
    service.service(
        web::resource(format!(
            "{prefix}/download/{{api_key}}/{{license_key}}/{{identifier}}/{{numeric_version}}"
        ))
        .route(web::get().to(move |request: HttpRequest, payload: web::Payload| {
            serve::download(Arc::clone(&get), request, payload)
        }))
        .route(web::head().to(move |request: HttpRequest, payload: web::Payload| {
            serve::download(Arc::clone(&head), request, payload)
        }))
        .default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
            serve::method_not_allowed(Arc::clone(&other), "/download", "GET, HEAD", request, payload)
        })),
    );
}

/// Not in the table: anyone may read it, so it has no capability, and its field is a segment of the path (contract §5.2).
fn mount_changelog(service: &mut web::ServiceConfig, prefix: &str, app: &Arc<App>) {
    let (get, other) = (Arc::clone(app), Arc::clone(app));
    service.service(
        web::resource(format!("{prefix}/products/{{slug}}/changelog"))
            .route(web::get().to(move |request: HttpRequest, payload: web::Payload| {
                serve::changelog(Arc::clone(&get), request, payload)
            }))
            .default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
                serve::method_not_allowed(Arc::clone(&other), "/products/changelog", "GET", request, payload)
            })),
    );
}
