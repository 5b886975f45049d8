//! The layers of settings: flags override the environment, which overrides the file, which overrides the defaults.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use serde_json::Value;

use super::environment::{check_names, naming_the_variable, without_empty_variables};
use super::file::SettingsFile;
use super::settings::{self, Kind, Setting};

/// An error in the command line, in an environment variable or in the settings file.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// clap's own errors, among them the texts of --help and --version.
    #[error(transparent)]
    Clap(#[from] clap::Error),
    #[error(transparent)]
    Config(#[from] super::ConfigError),
}

/// Reads the command line and the environment. This is enough to find the command and the settings file.
pub fn read(command: Command, arguments: &[OsString]) -> Result<ArgMatches, UsageError> {
    let matches = without_empty_variables(command).try_get_matches_from(arguments);
    matches.map_err(|error| match naming_the_variable(&error) {
        Some(error) => error.into(),
        None => error.into(),
    })
}

/// Reads command line, environment and settings file. Refuses unknown environment variables.
pub fn read_over(
    command: Command,
    arguments: &[OsString],
    file: Option<&SettingsFile>,
) -> Result<ArgMatches, UsageError> {
    check_names(&command)?;
    match file {
        Some(file) => read(with_defaults_from(command, file), arguments),
        None => read(command, arguments),
    }
}

/// Makes the values in the file the defaults of the arguments that are settings.
fn with_defaults_from(command: Command, file: &SettingsFile) -> Command {
    let set = |arg: clap::Arg| {
        let entry = arg.get_env().and(arg.get_long()).and_then(|key| file.entry(key));
        match entry {
            Some(entry) => arg.default_values(entry.values.clone()),
            None => arg,
        }
    };
    command.mut_args(set).mut_subcommands(|below| with_defaults_from(below, file))
}

/// The source of a setting's value.
#[derive(Clone, Debug)]
pub enum Source {
    Flag(String),
    Variable(String),
    File { path: String, line: usize },
    Default,
}

/// A setting with its effective value.
pub struct Effective {
    pub key: String,
    /// `null`: it is not set, and has no fixed default.
    pub value: Value,
    /// The value as text for people.
    pub text: String,
    pub source: Source,
}

/// Every setting, for a command that takes all of them.
pub fn effective(matches: &ArgMatches, file: Option<&SettingsFile>) -> Vec<Effective> {
    let mut matches = matches;
    while let Some((_, below)) = matches.subcommand() {
        matches = below;
    }
    settings::all().iter().map(|setting| effective_value(setting, matches, file)).collect()
}

fn effective_value(setting: &Setting, matches: &ArgMatches, file: Option<&SettingsFile>) -> Effective {
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
        Kind::Boolean => {
            let on = matches.get_flag(setting.id());
            (Value::from(on), if on { "on" } else { "off" }.to_owned())
        }
        Kind::List if raw.is_empty() => (Value::from(raw), "none".to_owned()),
        Kind::List => (Value::from(raw.clone()), raw.join(",")),
        Kind::Integer => {
            (first.as_ref().and_then(|text| text.parse::<i64>().ok()).into(), or_default(first, setting))
        }
        Kind::String => (first.clone().into(), or_default(first, setting)),
    };
    Effective { key: setting.key().to_owned(), value, text, source }
}

fn or_default(value: Option<String>, setting: &Setting) -> String {
    value.unwrap_or_else(|| setting.default())
}
