//! What the proofs share: a data directory, the real binary on it, a client that knows what it lost, and chance that can be repeated.

mod client;
mod database;
mod form;
mod server;
mod world;

pub use client::{Client, Cut};
pub use database::Database;
pub use form::Form;
pub use server::Server;
pub use world::World;
