//! Health checks, for operators: plain text without an envelope, because they are not part of the API.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use crate::domain::Outcome;
use crate::maintenance::units::megabytes;
use crate::serve::app::App;
use crate::serve::sign;
use crate::signing::Priority;

/// `GET /livez`: 200 as long as the process answers.
pub fn livez() -> HttpResponse {
    plain(StatusCode::OK, "ok\n")
}

/// `GET /readyz`: 200 if the server can read the database and sign, and has room on its disk; else 503, and the log
/// says
/// why.
pub async fn readyz(app: &App) -> HttpResponse {
    let read = app.store.read(|tx| tx.read_blocklist().map(drop)).and_then(|read| read);
    // Signs a 1901 answer: urgent, because an overloaded server is ready too, and cached, so at most once a second.
    let probe = Outcome::ServiceUnavailable.into();
    let signed = sign::sign_bare(app, &probe, app.clock.now(), None, Priority::Urgent).await.map(drop);
    let room = check_room(app);
    match (read, signed, room) {
        (Ok(()), Ok(()), Ok(())) => plain(StatusCode::OK, "ready\n"),
        (Ok(()), Ok(()), Err(full)) => {
            log::error!("not ready: {full}");
            plain(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {full}\n"))
        }
        (read, signed, _) => {
            log::error!("not ready: database {}; signing {}", state(&read), state(&signed));
            plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}

/// Fails if the disk is about to be full. A disk whose free space can't be read is taken for one with room.
fn check_room(app: &App) -> Result<(), String> {
    let least = app.config.limits.least_disk;
    match app.config.data.free_space() {
        Ok(free) if free < least => Err(format!(
            "the disk of the data directory is full: {} free, and {} are needed",
            megabytes(free),
            megabytes(least)
        )),
        _ => Ok(()),
    }
}

pub fn plain(status: StatusCode, text: impl Into<String>) -> HttpResponse {
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(text.into())
}

fn state<T, E: std::fmt::Display>(result: &Result<T, E>) -> String {
    result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned())
}
