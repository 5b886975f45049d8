//! What only a demo can do: begin again, and set the time. For test suites that play a client against it.
//!
//! Plain JSON, not signed and without an API key: none of it is part of the API, and none of it exists in
//! `keyseal serve`.

use std::future::ready;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::config::DemoConfig;
use crate::domain::{Outcome, Timestamp};
use crate::serve::app::App;
use crate::serve::caller::Caller;
use crate::serve::http_quirks::unread;
use crate::serve::read;
use crate::store::{self, Contents, Decision};
use crate::wire::params::Params;

/// The last second of the year 9999 less a day, in Unix seconds: the calendar ends there.
const LATEST: i64 = 253_402_214_400;

/// What a demo goes back to.
pub struct Demo {
    began_with: Arc<Contents>,
    clock: Option<Timestamp>,
}

impl Demo {
    /// Keeps what the database holds now, and starts the clock.
    pub fn begin(config: &DemoConfig, app: &App) -> Result<Self, store::Error> {
        let began_with = Arc::new(app.store.try_read(|tx| tx.contents())?);
        app.config.randomness.set_mark();
        app.clock.begin_again(config.clock);
        Ok(Self { began_with, clock: config.clock })
    }
}

/// Mounts the demo's own endpoints, if this is one.
pub fn mount(service: &mut web::ServiceConfig, app: &Arc<App>) {
    if app.demo.is_none() {
        return;
    }
    let (resetting, setting, showing) = (Arc::clone(app), Arc::clone(app), Arc::clone(app));
    service
        .route(
            "/demo/reset",
            web::post().to(move |request, payload| reset(Arc::clone(&resetting), request, payload)),
        )
        .route(
            "/demo/clock",
            web::post().to(move |request, payload| set_clock(Arc::clone(&setting), request, payload)),
        )
        .route(
            "/demo/clock",
            web::get().to(move |request: HttpRequest, payload: web::Payload| {
                ready(show_clock(&showing, &request, payload))
            }),
        );
}

/// `POST /demo/reset`: the sample world as it was at the start, with the time and the seed of the start,
/// whatever has been done since.
async fn reset(app: Arc<App>, request: HttpRequest, mut payload: web::Payload) -> HttpResponse {
    read::discard(&request, &mut payload, app.config.limits.body_timeout).await;
    let Some(demo) = &app.demo else { return plain(StatusCode::NOT_FOUND, &json!({ "error": "no demo" })) };
    let began_with = Arc::clone(&demo.began_with);
    let randomness = app.config.randomness.clone();
    let restored = app.store.change(move |tx| {
        tx.wake_worker_on_commit();
        tx.restore(&began_with)?;
        // On the writer thread, so that no other change draws random numbers between the two. Running it
        // again changes nothing.
        randomness.go_back_to_mark();
        Ok::<_, store::Error>(())
    });
    let response = match restored.await {
        Ok(()) => {
            app.last_used.clear();
            app.clock.begin_again(demo.clock);
            plain(StatusCode::OK, &told(&app))
        }
        Err(error) => {
            log::error!("the demo can't begin again: {error}");
            plain(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": "not done: see the log" }))
        }
    };
    unread::close(response, &request, payload)
}

/// `POST /demo/clock`: sets the time to `now` (ISO 8601, or `YYYY-MM-DD HH:MM:SS` in UTC), or moves it by
/// `advance` seconds, which may be negative. Fields as form, multipart, JSON or query string. It runs on from
/// there.
async fn set_clock(app: Arc<App>, request: HttpRequest, mut payload: web::Payload) -> HttpResponse {
    let timeout = app.config.limits.body_timeout;
    let read = match app.load.admit_unsigned(Caller::of(&request, &app).address, None) {
        Ok(mut ticket) => read::params(&request, &mut payload, timeout, &mut ticket).await,
        Err(_) => Err(Outcome::TooManyRequests),
    };
    let params = read.map_err(|outcome| outcome.message().to_owned());
    let response = match params.and_then(|params| wanted(&params, app.clock.now())) {
        Ok(now) => {
            app.clock.set(now);
            // What is due by the new time is done now.
            let woken = app.store.write(|tx| {
                tx.wake_worker_on_commit();
                Decision::Commit(())
            });
            // Were it not woken, it would look by itself within the minute.
            drop(woken.await);
            plain(StatusCode::OK, &told(&app))
        }
        Err(error) => plain(StatusCode::BAD_REQUEST, &json!({ "error": error })),
    };
    unread::close(response, &request, payload)
}

/// `GET /demo/clock`: the time that the server goes by.
fn show_clock(app: &App, request: &HttpRequest, payload: web::Payload) -> HttpResponse {
    unread::close(plain(StatusCode::OK, &told(app)), request, payload)
}

fn wanted(params: &Params, now: Timestamp) -> Result<Timestamp, String> {
    let wanted = match (params.text("now"), params.integer("advance")) {
        (Some(text), None) => Timestamp::parse(&text).map_err(|error| error.to_string()),
        (None, Some(Ok(seconds))) => Ok(Timestamp(now.0.saturating_add(seconds))),
        _ => Err("give either \"now\", a time, or \"advance\", a number of seconds".to_owned()),
    }?;
    playable(wanted)
}

/// Refuses a time that a demo can't be set to.
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
