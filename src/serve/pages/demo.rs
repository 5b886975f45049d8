//! The demo's own endpoints: reset the data and set the time, for test suites that run a client against it.
//!
//! They answer with plain JSON, unsigned and without an API key. They are not part of the API and don't exist in
//! `keyseal serve`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::domain::{Outcome, Timestamp};
use crate::serve::app::App;
use crate::serve::caller::Caller;
use crate::serve::fields::Sent;
use crate::serve::read;
use crate::store::{self, Decision};
use crate::wire::params::Params;

/// The latest time that can be set, in Unix seconds: a day before the end of the year 9999, where the calendar ends.
const LATEST: i64 = 253_402_214_400;

/// `POST /demo/reset`: restores the data, the time and the random seed of the start.
pub async fn reset(app: &App, request: &HttpRequest, payload: &mut web::Payload) -> HttpResponse {
    read::discard(request, payload, app.config.limits.body_timeout).await;
    let Some(demo) = &app.demo else { return plain(StatusCode::NOT_FOUND, &json!({ "error": "no demo" })) };
    let contents = Arc::clone(&demo.contents);
    let randomness = app.config.randomness.clone();
    let activity = Arc::clone(&app.activity);
    let restored = app.store.change(move |tx| {
        tx.wake_worker_on_commit();
        tx.restore(&contents)?;
        // On the writer thread, so that no other change draws random numbers between the two. Running it
        // again changes nothing.
        randomness.restore_position();
        activity.clear();
        Ok::<_, store::Error>(())
    });
    match restored.await {
        Ok(()) => {
            app.last_used.clear();
            app.clock.reset(demo.clock);
            plain(StatusCode::OK, &told(app))
        }
        Err(error) => {
            log::error!("the demo could not be reset: {error}");
            plain(
                StatusCode::SERVICE_UNAVAILABLE,
                &json!({ "error": "the demo could not be reset: see the server's log" }),
            )
        }
    }
}

/// `POST /demo/clock`: sets the time to `now` (ISO 8601, or `YYYY-MM-DD HH:MM:SS` in UTC), or moves it by `advance`
/// seconds, which may be negative. The clock runs on from there. Fields as form, multipart, JSON or query string.
pub async fn set_clock(app: &App, request: &HttpRequest, payload: &mut web::Payload) -> HttpResponse {
    let timeout = app.config.limits.body_timeout;
    let read = match app.load.admit_unsigned(Caller::of(request, app).address, None) {
        Ok(mut ticket) => {
            let sent = read::receive("/demo/clock", request, payload, timeout, &mut ticket).await;
            sent.and_then(Sent::params)
        }
        Err(_) => Err(Outcome::TooManyRequests.into()),
    };
    let params = read.map_err(|refusal| refusal.outcome.message().to_owned());
    match params.and_then(|params| wanted(&params, app.clock.now())) {
        Ok(now) => {
            app.clock.set(now);
            // Wakes the worker for everything that is due by the new time.
            let woken = app.store.write(|tx| {
                tx.wake_worker_on_commit();
                Decision::Commit(())
            });
            // If it isn't woken, it wakes up within a minute.
            drop(woken.await);
            plain(StatusCode::OK, &told(app))
        }
        Err(error) => plain(StatusCode::BAD_REQUEST, &json!({ "error": error })),
    }
}

/// `GET /demo/clock`: the server's time.
pub fn show_clock(app: &App) -> HttpResponse {
    plain(StatusCode::OK, &told(app))
}

fn wanted(params: &Params, now: Timestamp) -> Result<Timestamp, String> {
    let wanted = match (params.text("now"), params.integer("advance")) {
        (Some(text), None) => Timestamp::parse(&text).map_err(|error| error.to_string()),
        (None, Some(Ok(seconds))) => Ok(Timestamp(now.0.saturating_add(seconds))),
        _ => Err("give either \"now\", a time, or \"advance\", a number of seconds".to_owned()),
    }?;
    playable(wanted)
}

/// Checks that a demo can be set to this time.
pub fn playable(time: Timestamp) -> Result<Timestamp, String> {
    if (0..=LATEST).contains(&time.0) { Ok(time) } else { Err("give a time from 1970 to 9999".to_owned()) }
}

fn told(app: &App) -> Value {
    let now = app.clock.now();
    json!({ "now": now.to_iso(), "timestamp": now.0 })
}

fn plain(status: StatusCode, value: &Value) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json").body(value.to_string())
}
