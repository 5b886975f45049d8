//! The binary under test, run as if the environment of the tests set nothing for it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The path of the binary that Cargo built for this run of the tests.
#[expect(clippy::disallowed_methods, reason = "Cargo's own variable, which no server reads")]
pub fn binary() -> PathBuf {
    // Read while the test runs: at compile time Cargo sets it for the binary's own package alone.
    std::env::var_os("CARGO_BIN_EXE_keyseal")
        .expect("CARGO_BIN_EXE_keyseal: run by cargo test or cargo bench")
        .into()
}

/// A command that runs the binary.
pub fn program() -> Command {
    clear_environment(Command::new(binary()))
}

/// Unsets each variable that the server reads, for a command that starts it.
pub fn clear_environment(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("KEYSEAL_") || ["NOTIFY_SOCKET", "WATCHDOG_USEC"].contains(&&*shown) {
            command.env_remove(&name);
        }
    }
    command
}

/// The directory in Cargo's target directory for files that outlive one run of the tests.
pub fn cache_directory() -> PathBuf {
    let target = binary().parent().and_then(Path::parent).expect("a binary in target/debug").join("tmp");
    std::fs::create_dir_all(&target).unwrap();
    target
}
