//! Sets up the actix server: its limits, its TLS, and the middleware for every response.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_service::{
    IntoServiceFactory as _, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_tls::accept::{TlsError, max_concurrent_tls_connect};
use actix_web::dev::{AppConfig, Server, Service as _, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::{NormalizePath, TrailingSlash};
use actix_web::rt::net::TcpStream;
use futures_util::TryFutureExt as _;
use rustls::ServerConfig;

use super::connections::OpenConnections;
use super::stop::Stopping;
use super::stream::{Stream, Transport};
use super::{connections, mount};
use crate::serve::{self, App, Descriptor, Sharing, Turn};

/// Says for how long an idle connection stays open, so that clients and balancers reuse none that is about to end.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The time limit for finishing the requests in flight when the server stops.
const SHUTDOWN_SECONDS: u64 = 15;

/// actix-http sends what it has of an answer at this size, in bytes, before it takes another part of it.
const WRITE_BUFFER: usize = 16 * 1024;

/// The time limit for a connection to close that the server has ended.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The time limit for a TLS handshake.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// TLS handshakes that a worker may have in progress. A waiting handshake costs little, so the number is high
/// enough that clients which never finish theirs keep nobody out.
const TLS_HANDSHAKES: usize = 8192;

/// What the services of all workers are made of.
#[derive(Clone)]
struct Shared {
    app: Arc<App>,
    stopping: Stopping,
    open: Arc<OpenConnections>,
}

/// Starts accepting connections on `listener`.
pub fn server(
    app: &Arc<App>,
    stopping: &Stopping,
    listener: TcpListener,
    tls: Option<ServerConfig>,
) -> io::Result<Server> {
    let workers = app.config.workers;
    let connections = connections::most_connections(workers);
    let open = Arc::new(OpenConnections::new(connections, &app.config.http.trusted_proxies));
    let shared = Shared { app: Arc::clone(app), stopping: stopping.clone(), open };
    max_concurrent_tls_connect(TLS_HANDSHAKES);
    let server = Server::build()
        .workers(workers)
        .max_concurrent_connections((connections / workers.max(1)).max(1))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals();
    let ending = server.graceful_shutdown_signal();
    let ending = move || {
        let ending = ending.clone();
        async move { ending.notified().await }
    };
    let server = match tls {
        Some(tls) => {
            server.listen("https", listener, move || over_tls(shared.clone(), tls.clone(), ending.clone()))?
        }
        None => server.listen("http", listener, move || over_tcp(shared.clone(), ending.clone()))?,
    };
    Ok(server.run())
}

fn over_tcp<F: Future<Output = ()> + 'static>(
    shared: Shared,
    ending: impl Fn() -> F + 'static,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let timeout = shared.app.config.limits.send_timeout;
    fn_service(move |transport: TcpStream| async move { Ok(accepted(transport, timeout)) })
        .and_then(http(shared, ending))
}

fn over_tls<F: Future<Output = ()> + 'static>(
    shared: Shared,
    mut tls: ServerConfig,
    ending: impl Fn() -> F + 'static,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = (),
    Error = TlsError<io::Error, DispatchError>,
    InitError = (),
> {
    let timeout = shared.app.config.limits.send_timeout;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut acceptor = Acceptor::new(tls);
    acceptor.set_handshake_timeout(TLS_HANDSHAKE_TIMEOUT);
    acceptor
        .map_err(TlsError::into_service_error)
        .map(move |mut transport: TlsStream<TcpStream>| {
            transport.get_mut().1.set_buffer_limit(Some(WRITE_BUFFER));
            accepted(transport, timeout)
        })
        .and_then(http(shared, ending).map_err(TlsError::Service))
}

fn accepted<T: Transport>(transport: T, timeout: Duration) -> (Stream<T>, Option<SocketAddr>) {
    // An answer is written in parts: the second must not wait until the client acknowledges the first. It is closed
    // already if this fails.
    drop(transport.tcp().set_nodelay(true));
    let peer = transport.tcp().peer_addr().ok();
    (Stream::new(transport, timeout), peer)
}

/// Makes the service of each connection.
fn http<T: Transport + 'static, F: Future<Output = ()> + 'static>(
    shared: Shared,
    ending: impl Fn() -> F + 'static,
) -> impl ServiceFactory<
    (Stream<T>, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
> {
    let Shared { app, stopping, open } = shared;
    let keep_alive = app.config.http.keep_alive();
    let keep_alive_header = HeaderValue::try_from(format!("timeout={}", keep_alive.as_secs())).ok();
    let for_sharing = Arc::clone(&app);
    let application = actix_web::App::new()
        .wrap_fn(move |request, service| {
            let stopping = stopping.clone();
            let turn = Turn::begin(&request);
            let is_head = request.method() == Method::HEAD;
            let sharing = Sharing::of(&for_sharing, request.path(), request.headers());
            let keep_alive = keep_alive_header.clone();
            service.call(request).map_ok(move |response| {
                let mut response = finish(response, is_head, &stopping, keep_alive);
                sharing.apply(response.headers_mut());
                serve::in_parts(response, turn)
            })
        })
        .wrap(NormalizePath::new(TrailingSlash::Trim))
        .configure(move |service| mount::mount(service, &app))
        .into_factory()
        .map_err(|error: actix_web::Error| error.error_response());
    HttpService::build()
        .graceful_shutdown_signal(ending)
        .keep_alive(keep_alive)
        .client_disconnect_timeout(CLOSE_TIMEOUT)
        .h1_write_buffer_size(WRITE_BUFFER)
        .on_connect_ext(move |stream: &Stream<T>, extensions| {
            extensions.insert(stream.turns().clone());
            extensions.insert(Descriptor(stream.tcp().as_raw_fd()));
            open.count(stream.tcp(), extensions);
        })
        .h1(map_config(application, |()| AppConfig::default()))
}

/// Removes the body of an answer to HEAD, says for how long an idle connection stays open, and ends the connection
/// while the server stops.
fn finish(
    response: ServiceResponse,
    is_head: bool,
    stopping: &Stopping,
    keep_alive: Option<HeaderValue>,
) -> ServiceResponse {
    let mut response = if is_head { serve::without_body(response) } else { response };
    if stopping.has_begun() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Some(keep_alive) =
        keep_alive.filter(|_| response.response().head().connection_type() != ConnectionType::Close)
    {
        response.headers_mut().insert(KEEP_ALIVE, keep_alive);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_part_of_an_answer_waits_until_the_one_before_is_acknowledged() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(!client.nodelay().unwrap());
        let (stream, _) = accepted(client, Duration::ZERO);
        assert!(stream.tcp().nodelay().unwrap());
    }
}
