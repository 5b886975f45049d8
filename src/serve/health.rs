//! Health, for whoever runs the server: plain answers, no envelope, because it is not part of the API.

use std::sync::Arc;

use actix_web::HttpResponse;

use super::{App, now};

/// `GET /livez`: the process answers.
pub async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// `GET /readyz`: it can read the database and sign. 503 if not; the log says why.
pub async fn readyz(app: Arc<App>) -> HttpResponse {
    let read = app.store.read(|tx| tx.blocklist().map(drop)).and_then(|read| read);
    // One signature a second at the most, however often this is asked.
    let probe = format!("ready {}", now().0);
    let signed = app.signatures.sign(app.keyring.global(), probe.as_bytes()).await;
    match (read, signed) {
        (Ok(()), Ok(_)) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"),
        (read, signed) => {
            log::error!("not ready: database {}; signing {}", state(&read), state(&signed));
            HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body("not ready\n")
        }
    }
}

fn state<T, E: std::fmt::Display>(result: &Result<T, E>) -> String {
    result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned())
}
