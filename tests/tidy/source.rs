//! The source files as the rules read them.

use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a directory that have this extension, by name.
pub fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // What Cargo made is no source.
            if path.ends_with("target") {
                continue;
            }
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|one| one == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The path of a file below the repository's root.
pub fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap().display().to_string()
}

/// A file of `src`, without comments and unit tests.
pub struct Source {
    /// Below `src/`.
    pub path: String,
    /// The names of its module from the crate's root down: none for `lib.rs`.
    pub module: Vec<String>,
    pub code: String,
}

impl Source {
    fn read(file: &Path) -> Self {
        let path = file.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
        let names = path.trim_end_matches(".rs").trim_end_matches("/mod").split('/');
        let module = names.filter(|name| *name != "lib").map(str::to_owned).collect();
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let code = code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        Self { path, module, code }
    }

    /// The module that `lib.rs` declares it in.
    pub fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }

    fn is_test(&self) -> bool {
        self.module.last().is_some_and(|name| name == "tests")
    }
}

/// All files of `src` but those of unit tests.
pub fn sources() -> Vec<Source> {
    let all = files(&root().join("src"), "rs").into_iter().map(|file| Source::read(&file));
    all.filter(|source| !source.is_test()).collect()
}
