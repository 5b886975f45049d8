//! Keyseal is a license-key server: one binary and one SQLite file. It keeps products, license keys, activations
//! and their metadata, serves the v1 HTTP API, and signs every answer with RSA.
//!
//! The modules below are declared in reading order, from the command line down to the plain rules. A module may use
//! only modules that are declared below it; `tests/tidy` checks that. A request passes `server`, `serve`, `routes`,
//! `api`, `store` and `wire`: begin with `routes`, the table of all endpoints.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(all(feature = "answer-before-commit", not(debug_assertions)))]
compile_error!(
    "answer-before-commit breaks the promise that an answer is on disk: it is for a proof, never for a release"
);

// The parsers of untrusted input, exposed to the fuzz tests.
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
// The commands, from `serve` to `doctor`, and their output.
mod cli;
// Starts the server: data directory, keys, listeners, TLS, routes; reloads and stops it.
mod server;
// Background work: queued assignments, the delivery of webhooks, deletion of what is no longer kept.
mod worker;
// The path of one request: read, authorize, run its endpoint, sign, respond. Also the pages beside the API.
mod serve;
// Counters and histograms, and the page that Prometheus reads.
mod metrics;
// The OpenAPI document, the Postman collection and the docs page, written from the endpoints' records.
mod reference;
// The route table: for each path its method, its endpoint, and where that runs.
mod routes;
// The endpoints: for each the record of its fields and answers, and its function.
mod api;
// Maintenance of an installation: doctor, backup, restore, rotation of keys.
mod maintenance;
// What can be done to a license: one function for each change, with its webhooks and audit entries.
mod operations;
// Overload: rate limits, guesses, memory for bodies, signing delay. One table of limits.
mod load;
// The data that travels over HTTP: request parameters, replies, signed envelopes.
mod wire;
// Private keys, signatures, and the queue of signing threads.
mod signing;
// The settings: flags, environment variables, settings file, defaults.
mod config;
// The database: all SQL, transactions, schema steps, integrity checks.
mod store;
// The data directory: private files, downloads, ownership.
mod files;
// Random bytes, from the system or from a seed.
mod random;
// The time of day, which ignores small steps back.
mod clock;
// Plain types and pure rules, and the table of response codes.
mod domain;

pub use cli::{main, run};
pub use config::{Config, OnHangup, TlsFiles};
pub use domain::{AnswerQuota, HttpStatus, Rate, RateLimits, Retention, TelemetryQuota};
pub use routes::{pages, paths};
pub use server::{Server, StartError};
