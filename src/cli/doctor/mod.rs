//! `keyseal doctor`: looks at everything that a server needs, changes nothing, and says what mends what is wrong.

mod api_keys;
mod database;
mod files;
mod keys;
mod listener;
mod settings;
mod system;

use serde_json::{Value, json};

use crate::cli::{Output, Result, demo, now};
use crate::config::{ConfigError, ServeArgs, SettingsFile};
use crate::domain::{DemoSecrets, Timestamp};
use crate::files::DataDir;
use crate::store::{Inspection, OpenError};

/// One thing to look at. It says something whatever else is wrong.
type Check = fn(&Patient<'_>) -> Finding;

/// In the order in which they are shown.
const CHECKS: [(&str, Check); 22] = [
    ("settings", settings::file),
    ("data directory", files::directory),
    ("permissions", files::permissions),
    ("disk space", files::space),
    ("global key", keys::global),
    ("product keys", keys::of_products),
    ("api keys", api_keys::of_the_demo),
    ("database", database::is_ours),
    ("integrity", database::integrity),
    ("references", database::references),
    ("write-ahead log", database::log),
    ("pages", database::pages),
    ("audit trail", database::audit_trail),
    ("upgrade copies", database::upgrade_copies),
    ("downloads", database::downloads),
    ("clock", system::clock),
    ("server", system::server),
    ("listen address", system::listen_address),
    ("metrics address", system::metrics_address),
    ("certificate", settings::certificate),
    ("open files", system::open_files),
    ("sqlite", system::sqlite),
];

/// What the checks look at.
struct Patient<'a> {
    data: &'a DataDir,
    serve: &'a ServeArgs,
    file: Result<Option<&'a SettingsFile>, &'a ConfigError>,
    now: Timestamp,
    database: Result<Inspection, OpenError>,
    demo_secrets: DemoSecrets,
    /// The process id of the server that runs on the directory.
    server: Result<Option<String>, OpenError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Right,
    /// It works, and may not for long.
    Warning,
    Wrong,
    /// Something else that is wrong hides it.
    Unknown,
}

/// What a check found.
#[derive(Debug)]
struct Finding {
    state: State,
    message: String,
    /// What mends it.
    next: Option<String>,
}

impl Finding {
    fn right(message: impl Into<String>) -> Self {
        Self { state: State::Right, message: message.into(), next: None }
    }

    fn warning(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: State::Warning, message: message.into(), next: Some(next.into()) }
    }

    fn wrong(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: State::Wrong, message: message.into(), next: Some(next.into()) }
    }

    fn unknown(message: impl Into<String>) -> Self {
        Self { state: State::Unknown, message: message.into(), next: None }
    }
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

pub fn run(
    serve: &ServeArgs,
    data: &DataDir,
    file: Result<Option<&SettingsFile>, &ConfigError>,
    output: &mut Output<'_>,
) -> Result {
    let patient = Patient {
        data,
        serve,
        file,
        now: now(),
        demo_secrets: demo::secrets()?,
        database: Inspection::open(&data.database()),
        server: data.running_server().map_err(OpenError::from),
    };
    let findings: Vec<(&str, Finding)> =
        CHECKS.into_iter().map(|(name, check)| (name, check(&patient))).collect();
    let values = findings.iter().map(|(name, finding)| value(name, finding)).collect();
    let lines: Vec<String> = findings.iter().map(|(name, finding)| line(name, finding)).collect();
    output.result(&Value::Array(values), &lines.join("\n"))?;
    let count = |state| findings.iter().filter(|(_, finding)| finding.state == state).count();
    match count(State::Wrong) {
        0 => Ok(()),
        1 => Err("1 thing is wrong".into()),
        wrong => Err(format!("{wrong} things are wrong").into()),
    }
}

fn value(name: &str, finding: &Finding) -> Value {
    json!({ "check": name, "state": finding.state.as_str(), "message": finding.message, "next": finding.next })
}

/// A finding for people.
fn line(name: &str, finding: &Finding) -> String {
    let state = match finding.state {
        State::Wrong => "WRONG",
        other => other.as_str(),
    };
    let next = finding.next.as_ref().map(|next| format!("\n{:26}next: {next}", "")).unwrap_or_default();
    format!("{state:<8} {name:<16} {}{next}", finding.message)
}
