//! The documents: what they link to, name and paste is there, and what is generated is up to date.

mod commands;
mod help;
mod limits;
mod links;
mod page;
mod reference;
mod settings;
mod walk;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_readme_stays_short() {
    let size = std::fs::metadata(root().join("README.md")).unwrap().len();
    assert!(size <= 10_240, "README.md has {size} bytes: details belong into docs/");
}
