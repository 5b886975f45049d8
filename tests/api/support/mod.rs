//! What the tests share: a server of their own, a client that checks every answer, and keys made once.

mod answer;
mod command;
mod database;
mod document;
mod keys;
mod raw;
mod receiver;
mod schema;
mod server;

pub use answer::Answer;
pub use command::{keyseal, try_keyseal};
pub use database::execute;
pub use document::Document;
pub use raw::send_raw;
pub use receiver::{Received, Receiver};
pub use schema::conform;
pub use server::{License, TestServer, meta_fields};
