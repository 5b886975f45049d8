//! Proofs that the server keeps its word: each puts the server under load, does it or its disk harm, and counts what
//! is missing.
//!
//! `cargo test --test proof` runs the short forms and prints their figures; `KEYSEAL_PROOF=long` makes them
//! long, `KEYSEAL_SEED=N` repeats a run that failed, and words after `--` choose the proofs whose names hold
//! them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a proof's result is what it prints")]

mod support;

mod request_log;
mod connections;
mod image;
mod records;
mod load;

mod backup;
mod batches;
mod clock;
mod crash;
mod disk;
mod files;
mod history;
mod hostile;
mod journal;
mod limits;
mod overload;
mod power;
mod quota;
mod slow;
mod stop;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use support::Form;

/// Runs to the end and gives its figures in one line, or panics with what is wrong.
type Proof = fn(&Form) -> String;

const PROOFS: &[(&str, Proof)] = &[
    ("crash", crash::prove),
    ("power", power::prove),
    ("disk", disk::prove),
    ("limits", limits::prove),
    ("history", history::prove),
    ("stop", stop::prove),
    ("overload", overload::prove),
    ("clock", clock::prove),
    ("slow", slow::prove),
    ("readers", slow::slow_readers::prove),
    ("files", files::prove),
    ("backup", backup::prove),
    ("quota", quota::prove),
    ("journal", journal::prove),
    ("batches", batches::prove),
    ("hostile", hostile::prove),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let form = Form::from_environment();
    let chosen =
        PROOFS.iter().filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(*word)));
    let mut failed = false;
    for (name, proof) in chosen {
        if arguments.iter().any(|argument| argument == "--list") {
            println!("{name}: test");
            continue;
        }
        let started = Instant::now();
        if let Ok(figures) = catch_unwind(AssertUnwindSafe(|| proof(&form))) {
            println!("{name:<8} {figures} ({:.0?})", started.elapsed());
        } else {
            failed = true;
            eprintln!("{name:<8} FAILED; again with KEYSEAL_SEED={}", form.seed);
        }
    }
    ExitCode::from(u8::from(failed))
}
