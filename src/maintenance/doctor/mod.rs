//! The checks of `keyseal doctor`. They change nothing, and say how to fix what is wrong.

mod api_keys;
mod database;
mod downloads;
mod files;
mod keys;
mod leftovers;
mod licenses;
mod settings;
mod system;
mod webhooks;

use std::path::Path;

use ipnet::IpNet;

use super::{Progress, Result};
use crate::config::{ConfigError, TlsFiles};
use crate::domain::{DemoSecrets, Timestamp};
use crate::files::{self as data_files, DataDir};
use crate::store::{Inspection, OpenError};

/// A check. It also returns a finding if the part that it checks is missing.
type Check = fn(&Context<'_>) -> Finding;

/// The checks in the order in which they are reported.
const CHECKS: [(&str, Check); 33] = [
    ("settings", settings::file),
    ("data directory", files::directory),
    ("permissions", files::permissions),
    ("disk space", files::space),
    ("global key", keys::global),
    ("product keys", keys::of_products),
    ("api keys", api_keys::of_the_demo),
    ("old api keys", api_keys::old_texts),
    ("database", database::version),
    ("integrity", database::integrity),
    ("references", database::references),
    ("write-ahead log", database::log),
    ("pages", database::pages),
    ("contract keys", licenses::contract_keys),
    ("owners", licenses::owners),
    ("audit trail", database::audit_trail),
    ("telemetry", database::telemetry),
    ("refusals", database::refusals),
    ("usage", database::usage),
    ("answers", database::answers),
    ("webhooks", webhooks::delivery),
    ("upgrade copies", database::upgrade_copies),
    ("downloads", downloads::files),
    ("leftover files", leftovers::files),
    ("clock", system::clock),
    ("server", system::server),
    ("listen address", system::listen_address),
    ("metrics address", system::metrics_address),
    ("certificate", settings::certificate),
    ("public url", settings::public_url),
    ("trusted proxies", settings::trusted_proxies),
    ("open files", system::open_files),
    ("sqlite", system::sqlite),
];

/// The input of the checks.
pub struct Context<'a> {
    pub data: &'a DataDir,
    /// The settings file, if there is one, or why it can't be used.
    pub file: Result<Option<&'a Path>, &'a ConfigError>,
    pub listen: &'a str,
    pub metrics_listen: Option<&'a str>,
    pub tls: Result<Option<TlsFiles>, ConfigError>,
    pub public_url: Option<&'a str>,
    pub trusted_proxies: &'a [IpNet],
    /// Reads when a certificate expires, if that can be read. Fails if it can't be served.
    pub certificate_end: &'a dyn Fn(&TlsFiles) -> Result<Option<Timestamp>>,
    /// Days before its end from which a certificate is a warning.
    pub certificate_warn_days: i64,
    pub now: Timestamp,
    pub database: Result<Inspection, OpenError>,
    pub demo_secrets: DemoSecrets,
    /// The process id of the server that runs on the directory, if one does.
    pub server: Result<Option<String>, data_files::Error>,
    pub progress: &'a dyn Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ok,
    /// The part works now, but may soon fail.
    Warning,
    Wrong,
    /// The check could not run because of another fault.
    Unknown,
}

/// The result of a check.
#[derive(Debug)]
pub struct Finding {
    pub state: State,
    pub message: String,
    /// The next step after a warning or a fault.
    pub next: Option<String>,
}

impl Finding {
    fn ok(message: impl Into<String>) -> Self {
        Self { state: State::Ok, message: message.into(), next: None }
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

/// Runs every check. Returns the name and the result of each.
pub fn examine(context: &Context<'_>) -> Vec<(&'static str, Finding)> {
    CHECKS.into_iter().map(|(name, check)| (name, check(context))).collect()
}
