//! Key pairs for all tests, generated once and kept in Cargo's target directory.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::keyseal;
use crate::binary::cache_directory;

/// A private key file for the installation, and one for products.
pub fn files() -> &'static [PathBuf; 2] {
    static FILES: OnceLock<[PathBuf; 2]> = OnceLock::new();
    FILES.get_or_init(|| [made_once("global"), made_once("product")])
}

fn made_once(name: &str) -> PathBuf {
    let path = cache_directory().join(format!("{name}.pem"));
    if !path.exists() {
        let directory = tempfile::tempdir_in(cache_directory()).unwrap();
        keyseal(directory.path(), &["signing-key", "generate"]);
        // Another process may do the same: the last one wins, and a rename is atomic.
        fs::rename(directory.path().join("keys/global.pem"), &path).unwrap();
    }
    path
}
