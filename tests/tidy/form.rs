//! The form of files: what they open with, how long they and their lines are.

use std::fs;
use std::path::PathBuf;

use crate::source::{files, root, shown};

/// The longest line, in characters.
const COLUMNS: usize = 120;

/// The longest file of `src`, in lines without unit tests.
const LINES: usize = 250;

/// Longer files, each with its reason.
const LONGER: &[(&str, &str)] = &[("src/wire/params/mod.rs", "one view over four encodings")];

/// What is built with, beside the source.
const BUILD_FILES: &[&str] = &[
    ".cargo/config.toml",
    ".ci/run",
    ".clippy.toml",
    ".deny.toml",
    ".rustfmt.toml",
    "Cargo.toml",
    "tests/disk/Cargo.toml",
    "tests/fuzz/Cargo.toml",
    "tests/support/Cargo.toml",
];

fn rust_files(folders: &[&str]) -> Vec<PathBuf> {
    folders.iter().flat_map(|folder| files(&root().join(folder), "rs")).collect()
}

#[test]
fn each_file_says_what_lives_in_it() {
    for file in rust_files(&["src", "tests"]) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{} does not open with a //! line", shown(&file));
    }
}

#[test]
fn lines_fit_a_screen() {
    let mut long = Vec::new();
    let build_files = BUILD_FILES.iter().map(|file| root().join(file));
    for file in rust_files(&["src", "tests", "examples"]).into_iter().chain(build_files) {
        let name = shown(&file);
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().enumerate().filter(|(_, line)| line.chars().count() > COLUMNS);
        long.extend(lines.map(|(number, _)| format!("{name}:{}", number + 1)));
    }
    assert!(long.is_empty(), "longer than {COLUMNS} characters: {long:#?}");
}

#[test]
fn files_stay_small() {
    for file in rust_files(&["src"]) {
        let name = shown(&file);
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.split("#[cfg(test)]\nmod tests").next().unwrap().lines().count();
        let is_longer = LONGER.iter().any(|(longer, _)| *longer == name);
        assert_eq!(
            lines > LINES,
            is_longer,
            "{name} has {lines} lines: split it by its nouns, or correct LONGER"
        );
    }
}

#[test]
fn nothing_is_left_undone() {
    // Spelled apart, so that this file doesn't find itself.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!"),
        concat!("unimple", "mented!"),
        concat!("#[ign", "ore"),
    ];
    for file in rust_files(&["src", "tests"]) {
        let text = fs::read_to_string(&file).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} has {word}", shown(&file));
        }
    }
}
