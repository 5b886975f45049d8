//! The terminal: results, notes, progress bars and the log.

pub mod failure;
pub mod logging;
pub mod output;
pub mod progress;
