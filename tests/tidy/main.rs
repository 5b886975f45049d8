//! Rules about the code that a test can hold: which module may use which, and the form of files.

mod form;
mod modules;
mod paths;
mod source;

use std::fs;

use modules::{Modules, circle};
use source::{root, sources};

/// The modules in the order in which `lib.rs` declares them: each may use only those below it.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';'));
    modules.map(str::to_owned).collect()
}

#[test]
fn a_module_uses_only_those_declared_below_it() {
    let order = order();
    assert!(order.len() > 10, "{order:?}");
    let place = |module: &str| order.iter().position(|name| name == module);
    for source in sources() {
        let Some(here) = place(source.room()) else { continue };
        let used = paths::local(&source.code).into_iter().filter(|path| path[0] == "crate");
        for used in used.filter_map(|path| path.into_iter().nth(1)) {
            let there = place(&used).unwrap_or_else(|| panic!("{}: crate::{used} is no module", source.path));
            assert!(here <= there, "{} may not use {used}, which is declared above it", source.path);
        }
    }
}

#[test]
fn no_files_of_a_folder_use_each_other_in_a_circle() {
    let modules = Modules::read();
    let uses = modules.uses();
    assert!(uses.len() > 100, "{uses:?}");
    let mut found = Vec::new();
    for folder in modules.folders() {
        for (from, to) in circle(folder, &uses) {
            found.push(format!("{} uses {}", from.join("/"), to.join("/")));
        }
    }
    assert!(found.is_empty(), "in a circle: {found:#?}");
}

#[test]
fn every_module_is_in_the_order_and_every_name_in_the_order_is_a_module() {
    let mut modules: Vec<String> = sources().iter().map(|source| source.room().to_owned()).collect();
    modules.retain(|module| !["main", "lib"].contains(&module.as_str()));
    modules.dedup();
    let mut order = order();
    order.sort();
    assert_eq!(modules, order);
}

#[test]
fn each_technology_stays_behind_its_fence() {
    for (technology, homes) in [
        // fuzzing builds the headers that the parsers under tests/fuzz read.
        ("actix_web", &["server", "serve", "console", "routes", "fuzzing"][..]),
        ("actix_files", &["serve"]),
        ("actix_multipart", &["serve"]),
        ("rusqlite", &["store"]),
        ("r2d2", &["store"]),
        ("postgres", &["store"]),
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
            assert!(!uses || homes.contains(&source.room()), "{} uses {technology}", source.path);
        }
    }
}

#[test]
fn endpoints_see_no_request_and_stores_make_no_outcome() {
    for source in sources() {
        let forbidden: &[&str] = match source.room() {
            "api" => &["crate::signing", "crate::wire::envelope", "crate::config", "HttpRequest", "async "],
            "store" => &["Outcome", "async fn "],
            "files" => &["SELECT ", "INSERT ", "DELETE FROM"],
            "domain" => &["serde_json", "std::fs", "std::net::Tcp", "Instant"],
            _ => continue,
        };
        for word in forbidden {
            let pool = source.path == "store/mod.rs" && *word == "async fn ";
            assert!(pool || !source.code.contains(word), "{} uses {word}", source.path);
        }
    }
}
