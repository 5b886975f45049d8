//! Environment variables: ignores empty ones, refuses unknown ones, and names the one that holds a wrong value.

use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::settings;
use super::{ConfigError, did_you_mean};

const PREFIX: &str = "KEYSEAL_";

/// Makes clap ignore empty variables: units and container files often set one to nothing.
pub fn without_empty_variables(command: Command) -> Command {
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg })
        .mut_subcommands(without_empty_variables)
}

fn is_empty(arg: &Arg) -> bool {
    arg.get_env().is_some_and(|name| variable(name).is_some_and(|value| value.is_empty()))
}

/// Refuses variables that begin with `KEYSEAL_` and belong to no flag, and suggests the most similar one.
pub fn check_names(command: &Command) -> Result<(), ConfigError> {
    let known = names(command);
    for (name, value) in std::env::vars_os() {
        let (Some(name), value) = (name.to_str(), value.to_string_lossy()) else { continue };
        let is_known = known.iter().any(|known| known == name);
        if !name.starts_with(PREFIX) || is_known || value.is_empty() || is_of_an_orchestrator(name, &value) {
            continue;
        }
        // The common prefix would make every pair of names similar.
        let (given, known) =
            (name.trim_start_matches(PREFIX), known.iter().map(|known| known.trim_start_matches(PREFIX)));
        let next = match did_you_mean(given, known) {
            Some(meant) => format!("did you mean {PREFIX}{meant}?"),
            None => "unset it, or see \"keyseal serve --help\" for the known ones".to_owned(),
        };
        return Err(ConfigError(format!("unknown environment variable {name}: {next}")));
    }
    Ok(())
}

/// An error like clap's, but with the name of the variable that has the value: clap names only the flag.
pub fn naming_the_variable(error: &clap::Error) -> Option<ConfigError> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else { return None };
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
        return None;
    }
    let setting = settings::all().into_iter().find(|setting| setting.is_argument(argument))?;
    let name = setting.variable();
    let value = variable(OsStr::new(name))?;
    let value = value.to_string_lossy();
    let why = value.split(',').find_map(|value| setting.refusal(value))?;
    Some(ConfigError(format!("the environment variable {name} can't be {value:?}: {why}")))
}

/// The variables of a command and of all its subcommands.
fn names(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned()));
    own.chain(command.get_subcommands().flat_map(names)).collect()
}

/// Whether Kubernetes or Docker set this variable: for a service named "keyseal" they set
/// `KEYSEAL_SERVICE_HOST`, `KEYSEAL_PORT=tcp://10.0.0.1:8080` and `KEYSEAL_PORT_8080_TCP_ADDR`.
fn is_of_an_orchestrator(name: &str, value: &str) -> bool {
    name.contains("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT") && value.contains("://")
        || name.contains("_PORT_") && ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| name.contains(protocol))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads a variable by its name")]
fn variable(name: &OsStr) -> Option<OsString> {
    std::env::var_os(name)
}
