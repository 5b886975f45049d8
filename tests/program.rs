//! The real binary as a command, as if nothing were set for it where the tests run.

use std::process::Command;

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("KEYSEAL_") || ["NOTIFY_SOCKET", "WATCHDOG_USEC"].contains(&&*shown) {
            command.env_remove(&name);
        }
    }
    command
}
