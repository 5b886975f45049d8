//! The rules of the house that a test can keep.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A source file's place: its path below `src/`, its module below the crate, and its text without comments
/// and unit tests.
struct Source {
    path: String,
    module: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    rust_files(&src)
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            let module = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let code =
                code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
            Source { path, module, code }
        })
        .collect()
}

/// The modules in the order in which `lib.rs` declares them: each may use only those below it.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';'));
    modules.map(str::to_owned).collect()
}

/// Every module that the code names: `crate::x`, and each of `crate::{x, y}`.
fn used_modules(code: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut used = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = &list[..list.find('}').unwrap()];
                used.extend(list.split(',').map(|item| name(item.trim())));
            }
            None => used.push(name(rest)),
        }
    }
    used
}

#[test]
fn a_module_uses_only_those_declared_below_it() {
    let order = order();
    assert!(order.len() > 10, "{order:?}");
    let place = |module: &str| order.iter().position(|name| name == module);
    for source in sources() {
        let Some(here) = place(&source.module) else { continue };
        for used in used_modules(&source.code) {
            let there = place(&used).unwrap_or_else(|| panic!("{}: crate::{used} is no module", source.path));
            assert!(here <= there, "{} may not use {used}, which is declared above it", source.path);
        }
    }
}

#[test]
fn the_order_is_found_where_it_is_broken() {
    assert_eq!(
        used_modules("use crate::store::Tx; crate::{domain::A, outcome}; x"),
        ["store", "domain", "outcome"]
    );
}

#[test]
fn every_module_is_in_the_order_and_every_name_in_the_order_is_a_module() {
    let mut modules: Vec<String> = sources().into_iter().map(|source| source.module).collect();
    modules.retain(|module| !["main", "lib"].contains(&module.as_str()));
    modules.dedup();
    let mut order = order();
    order.sort();
    assert_eq!(modules, order);
}

#[test]
fn each_technology_stays_behind_its_fence() {
    for (technology, homes) in [
        ("actix_web", &["server", "serve", "routes", "cli", "fuzzing"][..]),
        ("actix_files", &["serve"]),
        ("actix_multipart", &["serve"]),
        ("rusqlite", &["store"]),
        ("r2d2", &["store"]),
        ("ring::", &["signing"]),
        ("aws_lc_rs", &["signing"]),
        ("rustls::", &["server"]),
        ("rsa::", &["signing"]),
        ("SystemTime", &["clock"]),
        ("std::env", &["config", "main"]),
        ("clap::", &["cli", "config"]),
        ("toml::", &["config"]),
        ("sd_notify::", &["server"]),
    ] {
        for source in sources() {
            let uses = source.code.lines().any(|line| {
                line.match_indices(technology)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            });
            assert!(!uses || homes.contains(&source.module.as_str()), "{} uses {technology}", source.path);
        }
    }
}

#[test]
fn each_file_says_what_lives_in_it() {
    for folder in ["src", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("//! "), "{} does not open with a //! line", file.display());
        }
    }
}

#[test]
fn files_stay_small() {
    for file in rust_files(&root().join("src")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 350, "{} has {lines} lines: which two nouns share it?", file.display());
    }
}

#[test]
fn endpoints_see_no_request_and_stores_make_no_outcome() {
    for source in sources() {
        let forbidden: &[&str] = match source.module.as_str() {
            "api" => &["crate::signing", "crate::wire::envelope", "crate::config", "HttpRequest", "async "],
            "store" => &["Outcome", "async fn "],
            "files" => &["SELECT ", "INSERT ", "DELETE FROM"],
            "domain" => &["serde_json", "std::fs", "std::net::Tcp", "Instant"],
            _ => continue,
        };
        for word in forbidden {
            let pool = source.path == "store/mod.rs" && *word == "async fn ";
            let call = source.path == "api/call.rs" && word.starts_with("crate::");
            assert!(pool || call || !source.code.contains(word), "{} uses {word}", source.path);
        }
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
    for folder in ["src", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            for word in words {
                assert!(!text.contains(word), "{} has {word}", file.display());
            }
        }
    }
}
