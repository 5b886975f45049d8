//! Maintenance of an installation: checks, backup and restore, rotation of signing keys. Parsing arguments and printing
//! results is left to the command line.

pub mod backup;
pub mod doctor;
pub mod shell;
pub mod signing_keys;
pub mod units;

use std::error::Error;

/// The result of an operation. Its error is a message for the operator: what happened, where, why, and what to do
/// next.
pub type Result<T = (), E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// Receives the progress of a long operation, phase by phase.
pub trait Progress {
    /// Ends the previous phase and begins a new one. `bytes`: its size, if that is known.
    fn begin(&self, phase: &'static str, bytes: Option<u64>);

    /// Adds to the number of bytes that are done in this phase.
    fn advance(&self, bytes: u64);

    /// Sets the number of bytes that are done in this phase, and the size of the phase.
    fn set(&self, done: u64, total: u64);

    /// Ends the operation and its last phase.
    fn end(&self);
}
