//! The terminal: results, notes, progress, the log, and commands to paste.

pub mod logging;
pub mod output;
pub mod progress;
pub mod shell;
