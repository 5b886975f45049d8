//! Keyseal: a license-key server in one binary, on one SQLite file, that signs every answer.
//!
//! The modules are declared in reading order, and each may use only those declared below it; `tests/tidy.rs` holds them to it.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod api;
mod call;
mod cli;
mod config;
mod domain;
mod envelope;
mod outcome;
mod params;
mod php_json;
mod reply;
mod routes;
mod serve;
mod server;
mod signing;
mod store;

pub use cli::run;
pub use config::Config;
pub use outcome::HttpStatus;
pub use server::{Server, StartError};
