//! Fixtures of the proofs: a data directory, a server on it as a process or in this one, and repeatable random numbers.

mod database;
mod form;
mod local;
mod server;
mod world;

pub use keyseal_test_support::{Client, Cut, RefusedStart, ServerProcess, clear_environment, program};

pub use database::Database;
pub use form::Form;
pub use local::Local;
pub use server::{Server, serving};
pub use world::{World, keyseal};
