//! The real binary: flags, exit codes, files, signals.

mod support;

mod commands;
mod keys;
mod serving;
