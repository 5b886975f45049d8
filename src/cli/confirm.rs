//! Asks before a command that destroys something, if a person types it.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::Result;
use super::terminal::output::plain;

/// The names of the commands that destroy something. "customer erase" is not among them: it asks by itself, and tells
/// what it would erase.
const DESTROYING: [&str; 3] = ["delete", "prune", "remove"];

/// Gives each command that destroys something the flag `--yes`.
pub fn with_yes(command: Command) -> Command {
    command.mut_subcommands(|below| {
        let below = with_yes(below);
        if !DESTROYING.contains(&below.get_name()) {
            return below;
        }
        let help = "Do not ask for confirmation. Without a terminal nothing is ever asked";
        below.arg(Arg::new("yes").short('y').long("yes").action(ArgAction::SetTrue).help(help))
    })
}

/// Asks on standard error whether to go on with a command that destroys something. Asks nothing with `--yes`, in a dry
/// run, or if standard input is no terminal: a script must not hang.
pub fn ask(matches: &ArgMatches, arguments: &[OsString]) -> Result {
    let (mut name, mut leaf) = ("", matches);
    while let Some((below, matches)) = leaf.subcommand() {
        (name, leaf) = (below, matches);
    }
    let is_set = |flag: &str| leaf.try_get_one::<bool>(flag).ok().flatten() == Some(&true);
    if !DESTROYING.contains(&name) || is_set("yes") || is_set("dry_run") {
        return Ok(());
    }
    let words: Vec<_> = arguments.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    confirm(&format!("\"keyseal {}\" can't be undone. Continue?", words.join(" ")))
}

/// Asks a question on standard error, if standard input is a terminal. An error, unless the answer is yes.
pub fn confirm(question: &str) -> Result {
    if !io::stdin().is_terminal() {
        return Ok(());
    }
    write!(io::stderr(), "{} [y/N] ", plain(question))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err("nothing is changed, because it was not confirmed: give --yes to go on without being asked".into())
}
