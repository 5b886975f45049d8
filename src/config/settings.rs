//! All settings, read off the arguments in `config.rs`: the flag, variable, file key, kind and default of each.

use std::any::TypeId;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args as _, Command};

use super::{DataArg, LogArg, ServeArgs};

/// How a setting's value is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Switch,
    Number,
    Text,
    List,
}

impl Kind {
    pub fn expects(self) -> &'static str {
        match self {
            Self::Switch => "true or false",
            Self::Number => "a whole number",
            Self::Text => "a text in quotes",
            Self::List => "a list of texts, as [\"a\", \"b\"]",
        }
    }
}

/// One thing that the operator decides.
#[derive(Clone, Debug)]
pub struct Setting(Arg);

impl Setting {
    /// What `ArgMatches` knows it by.
    pub fn id(&self) -> &str {
        self.0.get_id().as_str()
    }

    /// Its key in the file: the flag without its dashes.
    pub fn key(&self) -> &str {
        self.0.get_long().unwrap_or_default()
    }

    pub fn variable(&self) -> &str {
        self.0.get_env().and_then(|name| name.to_str()).unwrap_or_default()
    }

    pub fn kind(&self) -> Kind {
        let holds = self.0.get_value_parser().type_id();
        let numbers = [
            TypeId::of::<u8>(),
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
            TypeId::of::<i64>(),
        ];
        match self.0.get_action() {
            ArgAction::Append => Kind::List,
            _ if holds == TypeId::of::<bool>() => Kind::Switch,
            _ if numbers.iter().any(|number| holds == *number) => Kind::Number,
            _ => Kind::Text,
        }
    }

    /// Whether its value must not be shown.
    pub fn is_secret(&self) -> bool {
        self.0.is_hide_env_values_set()
    }

    /// What counts when nobody sets it, for people: a value, or the words in its help.
    pub fn default(&self) -> String {
        let values: Vec<_> =
            self.0.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !values.is_empty() {
            return values.join(",");
        }
        let help = self.0.get_help().map(ToString::to_string).unwrap_or_default();
        match help.split_once("[default: ").and_then(|(_, rest)| rest.split([';', ']']).next()) {
            Some(words) => words.to_owned(),
            None if self.kind() == Kind::Switch => "off".to_owned(),
            None => "none".to_owned(),
        }
    }

    /// Why it can't have this value, if it can't.
    pub fn refusal(&self, value: &str) -> Option<String> {
        if self.kind() == Kind::Switch {
            return None;
        }
        let command = table().no_binary_name(true).mut_args(|arg| arg.env(Resettable::Reset));
        let error = command.try_get_matches_from([format!("--{}={value}", self.key())]).err()?;
        match error.kind() {
            ErrorKind::ValueValidation => Some(match std::error::Error::source(&error) {
                Some(source) => source.to_string(),
                None => "it is not of its kind".to_owned(),
            }),
            ErrorKind::InvalidValue => Some(match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(values)) if !values.is_empty() => {
                    format!("it is one of {}", values.join(", "))
                }
                _ => "it is empty".to_owned(),
            }),
            // What depends on other settings is judged when all are known.
            _ => None,
        }
    }

    /// Whether this is the argument that clap speaks of, as `--workers <N>`.
    pub fn is_argument(&self, shown: &str) -> bool {
        shown.split(' ').next().and_then(|flag| flag.strip_prefix("--")) == Some(self.key())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_a_flag_and_a_variable_of_its_own() {
        for setting in all() {
            assert!(!setting.key().is_empty(), "{}", setting.id());
            assert!(setting.variable().starts_with("KEYSEAL_"), "{}", setting.id());
        }
    }
}
