//! What the proofs share: a data directory, the real binary on it, a client that knows what it lost, and
//! rng that can be repeated.

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
