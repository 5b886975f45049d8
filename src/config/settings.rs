//! Every setting, derived from the clap arguments: flag, variable, key in the settings file, kind and default.

use std::any::TypeId;
use std::error::Error as _;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args as _, Command};

use super::{DataArg, LogArg, ServeArgs};

/// In words, the defaults that are computed at start, by the key of the setting.
const COMPUTED_DEFAULTS: [(&str, &str); 5] = [
    ("data", "data"),
    ("config", "keyseal.toml in the data directory"),
    ("workers", "one per processor"),
    ("keep-alive", "5, and 75 with trusted-proxy"),
    ("public-url", "the host that a client calls"),
];

/// The form of a value in the settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Integer,
    String,
    List,
}

impl Kind {
    /// The form that the value must have in the file, for error messages.
    pub fn expects(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::String => "a string in quotes",
            Self::List => "a list of strings such as [\"a\", \"b\"]",
        }
    }
}

/// A setting: an argument with a flag and an environment variable.
#[derive(Clone, Debug)]
pub struct Setting(Arg);

impl Setting {
    /// The setting's id in `ArgMatches`.
    pub fn id(&self) -> &str {
        self.0.get_id().as_str()
    }

    /// The setting's key in the settings file: the flag without its dashes.
    pub fn key(&self) -> &str {
        self.0.get_long().unwrap_or_default()
    }

    pub fn variable(&self) -> &str {
        self.0.get_env().and_then(|name| name.to_str()).unwrap_or_default()
    }

    pub fn kind(&self) -> Kind {
        let value = self.0.get_value_parser().type_id();
        let integers = [TypeId::of::<u16>(), TypeId::of::<u32>(), TypeId::of::<u64>()];
        match self.0.get_action() {
            ArgAction::Append => Kind::List,
            ArgAction::SetTrue => Kind::Boolean,
            _ if integers.iter().any(|integer| value == *integer) => Kind::Integer,
            _ => Kind::String,
        }
    }

    /// The default, for people: a value, or words where it is computed.
    pub fn default(&self) -> String {
        if self.kind() == Kind::Boolean {
            return "off".to_owned();
        }
        if let Some(words) = computed_default(&self.0) {
            return words.to_owned();
        }
        let values: Vec<_> =
            self.0.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if values.is_empty() { "none".to_owned() } else { values.join(",") }
    }

    /// Returns the reason for refusing this value; `None`: it is valid. Values that depend on other settings are not
    /// checked here.
    pub fn refusal(&self, value: &str) -> Option<String> {
        if self.kind() == Kind::Boolean {
            return (!["true", "false"].contains(&value)).then(|| "it must be true or false".to_owned());
        }
        let command = table().no_binary_name(true).mut_args(|arg| arg.env(Resettable::Reset));
        let error = command.try_get_matches_from([format!("--{}={value}", self.key())]).err()?;
        match error.kind() {
            ErrorKind::ValueValidation => {
                Some(error.source().map_or_else(|| "it is not valid".to_owned(), ToString::to_string))
            }
            ErrorKind::InvalidValue => Some(match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(values)) if !values.is_empty() => {
                    format!("it must be one of {}", values.join(", "))
                }
                _ => "it is empty".to_owned(),
            }),
            _ => None,
        }
    }

    /// Whether this is the argument in a clap error, where it looks like `--workers <N>`.
    pub fn is_argument(&self, in_error: &str) -> bool {
        in_error.split(' ').next().and_then(|flag| flag.strip_prefix("--")) == Some(self.key())
    }
}

/// Every setting, in the order of the help.
pub fn all() -> Vec<Setting> {
    table().get_arguments().cloned().map(Setting).collect()
}

fn table() -> Command {
    LogArg::augment_args(ServeArgs::augment_args(DataArg::augment_args(Command::new("settings"))))
        .disable_help_flag(true)
}

/// Adds the computed defaults to the help of a command and its subcommands, where clap shows fixed defaults.
pub fn show_computed_defaults(command: Command) -> Command {
    let with_default = |arg: Arg| match (computed_default(&arg), arg.get_help().cloned()) {
        (Some(words), Some(help)) => arg.help(format!("{help} [default: {words}]")),
        _ => arg,
    };
    command.mut_args(with_default).mut_subcommands(show_computed_defaults)
}

fn computed_default(arg: &Arg) -> Option<&'static str> {
    let key = arg.get_env().and(arg.get_long())?;
    COMPUTED_DEFAULTS.iter().find(|(setting, _)| *setting == key).map(|(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_a_flag_a_variable_and_a_help() {
        for setting in all() {
            assert!(!setting.key().is_empty(), "{}", setting.id());
            assert!(setting.variable().starts_with("KEYSEAL_"), "{}", setting.id());
            assert!(setting.0.get_help().is_some(), "{}", setting.id());
        }
    }

    #[test]
    fn each_computed_default_belongs_to_a_setting() {
        for (key, _) in COMPUTED_DEFAULTS {
            assert!(all().iter().any(|setting| setting.key() == key), "{key}");
        }
    }
}
