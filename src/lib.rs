//! Keyseal: a license-key server in one binary, on one SQLite file, that signs every answer.
//!
//! The modules are declared in reading order, and each may use only those declared below it; `tests/tidy.rs` holds them to it.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cli;
mod server;
mod worker;
mod serve;
mod routes;
mod api;
mod call;
mod envelope;
mod php_json;
mod field_errors;
mod params;
mod reply;
mod signing;
mod config;
mod store;
mod domain;
mod outcome;

pub use cli::run;
pub use config::Config;
pub use outcome::HttpStatus;
pub use routes::paths;
pub use server::{Server, StartError};
