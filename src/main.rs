//! The `keyseal` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,keyseal=info")).init();
    keyseal::run(std::env::args_os(), &mut std::io::stdout().lock())
}
