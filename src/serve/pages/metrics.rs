//! `GET /metrics`, for Prometheus: on a port of its own, because it needs no API key.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, HttpServer, web};

use crate::domain::Kept;
use crate::metrics::{self, Readings};
use crate::routes::METRICS;
use crate::serve::app::App;
use crate::store;

/// Connections for metrics at a time; further ones wait. They are among the files that the API's connections leave.
const CONNECTIONS: usize = 32;

/// A server that answers `GET /metrics` and nothing else, on a thread of its own: no request waits for a scrape.
pub fn serve_metrics(app: &Arc<App>, listener: TcpListener) -> io::Result<Server> {
    let address = listener.local_addr()?;
    log::info!("metrics on http://{address}/metrics");
    if !address.ip().is_loopback() {
        log::warn!(
            "anyone who can reach {address} can read the metrics without an API key: keep it off the internet"
        );
    }
    let app = Arc::clone(app);
    let server = HttpServer::new(move || {
        let app = Arc::clone(&app);
        let page = web::get().to(move || {
            let page = scrape(&app);
            async move { page }
        });
        actix_web::App::new().route(METRICS, page)
    });
    Ok(server.workers(1).max_connections(CONNECTIONS).disable_signals().listen(listener)?.run())
}

pub fn scrape(app: &App) -> HttpResponse {
    let Some(metrics) = &app.metrics else { return HttpResponse::NotFound().finish() };
    match metrics::write(metrics, &readings(app)) {
        Ok(page) => HttpResponse::Ok().insert_header((CONTENT_TYPE, metrics::CONTENT_TYPE)).body(page),
        Err(error) => {
            log::error!("the metrics page could not be written: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn readings(app: &App) -> Readings {
    let counted = app.store.try_read(|tx| {
        Ok::<_, store::Error>((tx.count_jobs()?, tx.count_pending_callbacks()?, tx.failed_callbacks()?.0))
    });
    if let Err(error) = &counted {
        log::warn!("jobs and webhooks could not be counted for the metrics: {error}");
    }
    Readings {
        version: env!("CARGO_PKG_VERSION"),
        sqlite_version: store::sqlite_version().unwrap_or("unsafe"),
        started_at: app.started_at.0,
        refused: app.load.refused(),
        signatures_requested: app.signatures.requested(),
        signatures_made: app.signatures.made(),
        signatures_waiting: app.signatures.waiting(),
        writer: app.store.writer_stats().clone(),
        writer_queue: app.store.queued(),
        jobs_pending: counted.as_ref().ok().map(|(jobs, ..)| *jobs),
        callbacks_pending: counted.as_ref().ok().map(|(_, pending, _)| *pending),
        callbacks_failed: counted.as_ref().ok().map(|(.., failed)| *failed),
        database_size: size(&app.config.data.database()),
        log_size: size(&app.config.data.log()),
        kept_sizes: Kept::ALL.map(|kept| (kept, kept_size(app, kept))),
        free_space: app.config.data.free_space().ok(),
    }
}

/// About the size of what is kept, in bytes; `None` if it can't be read.
fn kept_size(app: &App, kept: Kept) -> Option<u64> {
    let bytes = app.store.try_read(|tx| tx.kept_bytes(kept)).ok()?;
    u64::try_from(bytes).ok()
}

/// The size of a file in bytes; `None` if it can't be read.
fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.len())
}
