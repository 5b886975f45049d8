//! Parsing the command line together with the environment and the settings file.

use std::ffi::OsString;

use clap::{ArgMatches, FromArgMatches as _};

use super::commands::{Cli, Command, command};
use crate::config::{self, ConfigError, SettingsFile, UsageError};

/// A parsed command line, with the source of each setting.
pub struct ParsedCommandLine {
    pub cli: Cli,
    pub matches: ArgMatches,
    pub file: Option<SettingsFile>,
    /// The reason why the settings file is ignored. Only `doctor` continues with a wrong one, and reports it.
    file_error: Option<ConfigError>,
}

impl ParsedCommandLine {
    /// Parses twice: first to learn which settings file to read, then with its values as the defaults.
    pub fn parse(arguments: &[OsString]) -> Result<Self, UsageError> {
        let matches = config::read(command(), arguments)?;
        let cli = Cli::from_arg_matches(&matches)?;
        if cli.command.needs_no_settings() {
            return Ok(Self { cli, matches, file: None, file_error: None });
        }
        let data = match cli.command {
            // A demo ignores the settings file of the default data directory.
            Command::Demo(_) => cli.data.named_dir(),
            _ => Some(cli.data.dir()),
        };
        let (file, file_error) = match SettingsFile::find(&cli.data, data.as_ref()) {
            Err(error) if matches!(cli.command, Command::Doctor(_)) => (None, Some(error)),
            file => (file?, None),
        };
        let matches = config::read_over(command(), arguments, file.as_ref())?;
        Ok(Self { cli: Cli::from_arg_matches(&matches)?, matches, file, file_error })
    }

    /// The settings file, if there is one, or why it is ignored.
    pub fn settings_file(&self) -> Result<Option<&SettingsFile>, &ConfigError> {
        self.file_error.as_ref().map_or(Ok(self.file.as_ref()), Err)
    }
}
