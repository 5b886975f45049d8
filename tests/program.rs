//! The real binary as a command, as if nothing were set for it where the tests run.

use std::process::Command;

pub fn program() -> Command {
    unset(Command::new(env!("CARGO_BIN_EXE_keyseal")))
}

/// A command that may start it, in the same environment.
pub fn unset(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("KEYSEAL_") || ["NOTIFY_SOCKET", "WATCHDOG_USEC"].contains(&&*shown) {
            command.env_remove(&name);
        }
    }
    command
}
