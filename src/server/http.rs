//! Sets up the actix server: its limits, its TLS, and the middleware for every response.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::{Server, Service as _, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::{NormalizePath, TrailingSlash};
use futures_util::TryFutureExt as _;
use rustls::ServerConfig;

use super::connections::Neighbours;
use super::stop::Stopping;
use super::{connections, mount};
use crate::serve::{self, App, Sharing};

/// Says for how long an idle connection stays open, so that clients and balancers reuse none that is about to end.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The time limit for finishing the requests in flight when the server stops.
const SHUTDOWN_SECONDS: u64 = 15;

/// The time limit for a TLS handshake.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// TLS handshakes that a worker may have in progress. A waiting handshake costs little, so the number is high
/// enough that clients which never finish theirs keep nobody out.
const TLS_HANDSHAKES: usize = 8192;

/// Starts accepting connections on `listener`.
pub fn server(
    app: &Arc<App>,
    stopping: &Stopping,
    listener: TcpListener,
    tls: Option<ServerConfig>,
) -> io::Result<Server> {
    let workers = app.config.workers;
    let connections = connections::most_connections(workers);
    let neighbours = Arc::new(Neighbours::new(connections, &app.config.http.trusted_proxies));
    let keep_alive = app.config.http.keep_alive();
    let keep_alive_header = HeaderValue::try_from(format!("timeout={}", keep_alive.as_secs())).ok();
    let (app, stopping) = (Arc::clone(app), stopping.clone());
    let server = HttpServer::new(move || {
        let (app, stopping) = (Arc::clone(&app), stopping.clone());
        let (for_sharing, keep_alive_header) = (Arc::clone(&app), keep_alive_header.clone());
        actix_web::App::new()
            .wrap_fn(move |request, service| {
                let stopping = stopping.clone();
                let is_head = request.method() == Method::HEAD;
                let sharing = Sharing::of(&for_sharing, request.path(), request.headers());
                let keep_alive = keep_alive_header.clone();
                service.call(request).map_ok(move |response| {
                    let mut response = finish(response, is_head, &stopping, keep_alive);
                    sharing.apply(response.headers_mut());
                    response
                })
            })
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .configure(move |service| mount::mount(service, &app))
    })
    .on_connect(move |connection, extensions| neighbours.meet(connection, extensions))
    .workers(workers)
    .keep_alive(keep_alive)
    .max_connections((connections / workers.max(1)).max(1))
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .tls_handshake_timeout(TLS_HANDSHAKE_TIMEOUT)
    .max_connection_rate(TLS_HANDSHAKES);
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
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
