//! What the proofs share: a data directory, the real binary on it, a client that knows what it lost, and
//! chance that can be repeated.

mod client;
mod database;
mod form;
mod local;
mod server;
mod watched;
mod world;

pub use keyseal_test_support::{clear_environment, program};

pub use client::{Client, Cut};
pub use database::Database;
pub use form::Form;
pub use local::Local;
pub use server::Server;
pub use watched::{Refused, Watched, serving};
pub use world::{World, keyseal};
