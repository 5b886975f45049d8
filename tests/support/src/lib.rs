//! Test fixtures of all suites: a server, a client that verifies each answer, a webhook receiver, and the binary.

#![expect(clippy::missing_panics_doc, reason = "a fixture panics when a test fails")]

mod answer;
mod binary;
mod command;
mod database;
mod document;
mod keys;
mod raw;
mod receiver;
mod schema;
mod server;

pub use answer::Answer;
pub use binary::{binary, clear_environment, program};
pub use command::{keyseal, try_keyseal};
pub use database::execute;
pub use document::Document;
pub use raw::send_raw;
pub use receiver::{Received, Receiver};
pub use schema::conform;
pub use server::{License, TestServer, meta_fields};
