//! The `keyseal` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyseal::main(std::env::args_os(), &mut std::io::stdout().lock())
}
