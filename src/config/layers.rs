//! Flag, then environment, then file, then default: puts the layers over one another, and tells which one a
//! value came from.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use serde_json::Value;

use super::environment::{blame, check_names, without_empty_variables};
use super::file::File;
use super::settings::{self, Kind, Setting};

/// Why a command line, a variable or a file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Usage {
    /// clap's own, which are also the way of --help and --version.
    #[error(transparent)]
    Clap(#[from] clap::Error),
    #[error(transparent)]
    Wrong(#[from] super::Wrong),
}

/// Reads the command line alone, with the environment: enough to know the command, and where the file is.
pub fn read(command: Command, arguments: &[OsString]) -> Result<ArgMatches, Usage> {
    without_empty_variables(command).try_get_matches_from(arguments).map_err(|error| match blame(&error) {
        Some(wrong) => wrong.into(),
        None => error.into(),
    })
}

/// Reads it again with the file below it. Refuses variables that nobody knows.
pub fn read_over(command: Command, arguments: &[OsString], file: Option<&File>) -> Result<ArgMatches, Usage> {
    check_names(&command)?;
    match file {
        Some(file) => read(over(command, file), arguments),
        None => read(command, arguments),
    }
}

/// Makes what the file says the default of every argument that is a setting.
fn over(command: Command, file: &File) -> Command {
    let set = |arg: clap::Arg| {
        let entry = arg.get_env().and(arg.get_long()).and_then(|key| file.entry(key));
        match entry {
            Some(entry) => arg.default_values(entry.values.clone()),
            None => arg,
        }
    };
    command.mut_args(set).mut_subcommands(|below| over(below, file))
}

/// Where a value came from.
#[derive(Clone, Debug)]
pub enum Source {
    Flag(String),
    Variable(String),
    File { path: String, line: usize },
    Default,
}

/// A setting as it counts. A secret's value is not in it.
pub struct Effective {
    pub key: String,
    /// `null`: nobody set it, and it has no fixed default.
    pub value: Value,
    /// The value for people.
    pub text: String,
    pub source: Source,
}

/// Every setting of a command that takes all of them.
pub fn effective(matches: &ArgMatches, file: Option<&File>) -> Vec<Effective> {
    let mut matches = matches;
    while let Some((_, below)) = matches.subcommand() {
        matches = below;
    }
    settings::all().iter().map(|setting| of(setting, matches, file)).collect()
}

fn of(setting: &Setting, matches: &ArgMatches, file: Option<&File>) -> Effective {
    let source = match (matches.value_source(setting.id()), file) {
        (Some(ValueSource::CommandLine), _) => Source::Flag(format!("--{}", setting.key())),
        (Some(ValueSource::EnvVariable), _) => Source::Variable(setting.variable().to_owned()),
        (_, Some(file)) => match file.entry(setting.key()) {
            Some(entry) => Source::File { path: file.path.display().to_string(), line: entry.line },
            None => Source::Default,
        },
        _ => Source::Default,
    };
    let raw: Vec<String> = matches
        .get_raw(setting.id())
        .map(|values| values.map(|value| value.to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    let first = raw.first().cloned();
    let (value, text) = match setting.kind() {
        _ if setting.is_secret() && !raw.is_empty() => (Value::from("(set)"), "(set)".to_owned()),
        Kind::Switch => {
            let on = matches.get_flag(setting.id());
            (Value::from(on), if on { "on" } else { "off" }.to_owned())
        }
        Kind::List if raw.is_empty() => (Value::from(raw), "none".to_owned()),
        Kind::List => (Value::from(raw.clone()), raw.join(",")),
        Kind::Number => {
            (first.as_ref().and_then(|text| text.parse::<i64>().ok()).into(), or_default(first, setting))
        }
        Kind::Text => (first.clone().into(), or_default(first, setting)),
    };
    Effective { key: setting.key().to_owned(), value, text, source }
}

fn or_default(value: Option<String>, setting: &Setting) -> String {
    value.unwrap_or_else(|| setting.default())
}
