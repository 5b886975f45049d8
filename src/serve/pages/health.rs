//! Health, for whoever runs the server: plain answers, no envelope, because it is not part of the API.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::serve::App;
use crate::serve::http_quirks::unread;
use crate::signing::{Caching, Priority};

/// `GET /livez`: the process answers.
pub async fn livez(request: HttpRequest, payload: web::Payload) -> HttpResponse {
    unread::close(plain(StatusCode::OK, "ok\n"), &request, payload)
}

/// `GET /readyz`: it can read the database and sign. 503 if not; the log says why.
pub async fn readyz(app: Arc<App>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let read = app.store.read(|tx| tx.read_blocklist().map(drop)).and_then(|read| read);
    // One signature a second at the most, however often this is asked; first, because a server with much to
    // sign is ready all the same.
    let probe = format!("ready {}", app.clock.now().0);
    let signed = match app.keyring.global() {
        Some(key) => {
            app.signatures.sign(&key, probe.as_bytes(), Priority::Urgent, Caching::IfShort).await.map(drop)
        }
        None => Ok(()),
    };
    let response = match (read, signed) {
        (Ok(()), Ok(())) => plain(StatusCode::OK, "ready\n"),
        (read, signed) => {
            log::error!("not ready: database {}; signing {}", state(&read), state(&signed));
            plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    };
    unread::close(response, &request, payload)
}

fn plain(status: StatusCode, text: &'static str) -> HttpResponse {
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(text)
}

fn state<T, E: std::fmt::Display>(result: &Result<T, E>) -> String {
    result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned())
}
