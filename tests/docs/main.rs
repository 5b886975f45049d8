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

/// The modules in the order in which `lib.rs` declares them.
#[test]
fn the_table_of_modules_is_that_of_lib_rs() {
    let table = page::page("docs/architecture.md").text;
    let table = table.split("\n## Modules\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let places: Vec<_> = modules
        .map(|module| {
            let place =
                table.find(&format!("src/{module}/")).or_else(|| table.find(&format!("src/{module}.rs")));
            place.unwrap_or_else(|| panic!("docs/architecture.md lacks the module {module}"))
        })
        .collect();
    assert!(
        places.len() > 15 && places.is_sorted(),
        "docs/architecture.md has another order than lib.rs: {places:?}"
    );
}
