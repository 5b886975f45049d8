//! `keyseal doctor`: checks an installation and prints what was found.

use serde_json::{Value, json};

use super::terminal::progress::TerminalProgress;
use super::{Output, Result, demo, now};
use crate::config::{ConfigError, ServeArgs, SettingsFile, tls_files};
use crate::files::DataDir;
use crate::maintenance::doctor::{Context, Finding, State, examine};
use crate::maintenance::units::number;
use crate::server::{CERTIFICATE_WARN_DAYS, certificate_end};
use crate::store::Inspection;

pub fn run(
    serve: &ServeArgs,
    data: &DataDir,
    file: Result<Option<&SettingsFile>, &ConfigError>,
    output: &mut Output<'_>,
) -> Result {
    let findings = examine(&Context {
        data,
        file: file.map(|file| file.map(|file| file.path.as_path())),
        listen: &serve.listen,
        metrics_listen: serve.metrics_listen.as_deref(),
        tls: tls_files(serve),
        public_url: serve.public_url.as_deref(),
        trusted_proxies: &serve.trusted_proxies,
        certificate_end: &|files| Ok(certificate_end(files)?),
        certificate_warn_days: CERTIFICATE_WARN_DAYS,
        now: now(),
        database: Inspection::open(&data.database()),
        demo_secrets: demo::secrets()?,
        server: data.running_server(),
        progress: &TerminalProgress::new()?,
    });
    let values = findings.iter().map(|(name, finding)| to_json(name, finding)).collect();
    let lines: Vec<String> = findings.iter().map(|(name, finding)| line(name, finding)).collect();
    output.result(&Value::Array(values), &lines.join("\n"))?;
    match findings.iter().filter(|(_, finding)| finding.state == State::Wrong).count() {
        0 => Ok(()),
        wrong => Err(number(u64::try_from(wrong)?, "thing is wrong", "things are wrong").into()),
    }
}

fn to_json(name: &str, finding: &Finding) -> Value {
    let state = match finding.state {
        State::Ok => "right",
        State::Warning => "warning",
        State::Wrong => "wrong",
        State::Unknown => "unknown",
    };
    json!({ "check": name, "state": state, "message": finding.message, "next": finding.next })
}

/// A finding as text: state, check and message in columns, and below them what to do next.
fn line(name: &str, finding: &Finding) -> String {
    let state = match finding.state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Wrong => "WRONG",
        State::Unknown => "unknown",
    };
    let next = finding.next.as_ref().map(|next| format!("\n{:26}next: {next}", "")).unwrap_or_default();
    format!("{state:<8} {name:<16} {}{next}", finding.message)
}
