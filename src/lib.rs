//! Keyseal: a license-key server in one binary, on one SQLite file, that signs every answer.
//!
//! The modules are declared in reading order, and each may use only those declared below it; `tests/tidy`
//! holds them to it.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(all(feature = "answer-before-commit", not(debug_assertions)))]
compile_error!(
    "answer-before-commit breaks the promise that an answer is on disk: it is for a proof, never for a release"
);

#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod cli;
mod server;
mod worker;
mod serve;
mod metrics;
mod reference;
mod routes;
mod api;
mod maintenance;
mod load;
mod wire;
mod signing;
mod config;
mod store;
mod files;
mod random;
mod clock;
mod domain;

pub use cli::{main, run};
pub use config::{Config, OnHangup, TlsFiles};
pub use domain::{HttpStatus, Rate, RateLimits};
pub use routes::paths;
pub use server::{Server, StartError};
