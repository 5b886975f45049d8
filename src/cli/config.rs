//! `keyseal config …`: the settings, and where each comes from.

use clap::{ArgMatches, Subcommand};
use serde_json::{Map, Value, json};

use super::{Output, Result};
use crate::config::{self, Effective, ServeArgs, SettingsFile, Source};

#[derive(Subcommand)]
pub enum Command {
    /// Show the value of each setting, and whether a flag, a variable, the settings file or the default gave it
    ///
    /// Takes the flags of "serve", and shows what "serve" would run with.
    #[command(after_help = "Example:\n  keyseal config show --listen 0.0.0.0:8080")]
    Show(ServeArgs),
}

pub fn run(
    command: &Command,
    matches: &ArgMatches,
    file: Option<&SettingsFile>,
    output: &mut Output<'_>,
) -> Result {
    let Command::Show(_) = command;
    let settings = config::effective(matches, file);
    if output.is_json() {
        let shown: Map<String, Value> =
            settings.iter().map(|setting| (setting.key.clone(), to_json(setting))).collect();
        return output.result(&Value::Object(shown), "");
    }
    let rows: Vec<_> = settings
        .iter()
        .map(|setting| {
            (Value::Null, vec![setting.key.clone(), setting.text.clone(), source(&setting.source)])
        })
        .collect();
    output.list(&["setting", "value", "from"], &rows)
}

fn to_json(setting: &Effective) -> Value {
    match &setting.source {
        Source::Flag(name) => json!({ "value": setting.value, "source": "flag", "name": name }),
        Source::Variable(name) => json!({ "value": setting.value, "source": "environment", "name": name }),
        Source::File { path, line } => {
            json!({ "value": setting.value, "source": "file", "file": path, "line": line })
        }
        Source::Default => json!({ "value": setting.value, "source": "default" }),
    }
}

fn source(source: &Source) -> String {
    match source {
        Source::Flag(name) => format!("flag {name}"),
        Source::Variable(name) => format!("environment variable {name}"),
        Source::File { path, line } => format!("{path}:{line}"),
        Source::Default => "default".to_owned(),
    }
}
