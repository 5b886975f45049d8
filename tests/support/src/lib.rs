//! Test fixtures of all suites: a server, a client that verifies each answer, a webhook receiver, and the binary.

#![expect(clippy::missing_panics_doc, reason = "a fixture panics when a test fails")]

mod agent;
mod answer;
mod binary;
mod client;
mod command;
mod database;
mod document;
mod http;
mod keys;
mod log;
mod process;
mod raw;
mod receiver;
mod schema;
mod server;

pub use agent::{agent, post_form};
pub use answer::{Answer, is_signed_by};
pub use binary::{binary, clear_environment, program};
pub use client::{Client, Cut, Response};
pub use command::{keyseal, try_keyseal};
pub use database::{database, execute};
pub use document::Document;
pub use http::RawAnswer;
pub use process::{Exit, RefusedStart, ServerProcess, processor_time_of, serve};
pub use raw::send_raw;
pub use receiver::{Received, Receiver};
pub use schema::conform;
pub use server::{License, TestServer, meta_fields};
