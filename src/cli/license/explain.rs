//! `keyseal license explain`.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::{Value, json};

use super::{did_you_mean, identifier, license_key};
use crate::cli::{Output, Result, join_lines, open, operation};
use crate::domain::Timestamp;
use crate::files::DataDir;
use crate::maintenance::shell;
use crate::operations::explain::{Explanation, ForIdentifier, GateEndpoint, Question, StepState};
use crate::operations::nearest_keys;

/// Explain what a customer's request is answered, and why
///
/// Takes the steps of the license gate as the server does, for now or for another time, and changes nothing. The
/// records are those of now at any time. Ends with 0 whatever it finds.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  keyseal license explain 3a343c8a-38fe-4b6e-ad77-2222222 --identifier shop.example"
)]
pub struct ExplainArgs {
    /// License key
    key: String,
    /// Identifier of the request; empty: it has none. By default the one that was activated last, and for "activate" a
    /// new one
    #[arg(long)]
    identifier: Option<String>,
    /// Product that the request names: its id, UUID, slug or name
    #[arg(long)]
    product: Option<String>,
    /// Time of the request; now by default
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,
    /// Endpoint of the request
    #[arg(
        long,
        default_value = "verify",
        value_parser = PossibleValuesParser::new(GateEndpoint::NAMES).map(|name| named(&name))
    )]
    endpoint: GateEndpoint,
}

fn named(name: &str) -> GateEndpoint {
    GateEndpoint::parse(name).unwrap_or(GateEndpoint::Verify)
}

pub fn explain(args: &ExplainArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let identifier = match args.identifier.as_deref() {
        None => ForIdentifier::Any,
        Some(blank) if blank.trim().is_empty() => ForIdentifier::NotSent,
        Some(text) => ForIdentifier::Sent(identifier(text)?),
    };
    let key = license_key(&args.key)?;
    let question = Question {
        endpoint: args.endpoint,
        license_key: Some(key.clone()),
        product: args.product.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned),
        identifier,
        at: args.at,
    };
    let (explanation, nearest) = open(data)?.try_read(|tx| -> Result<_> {
        let nearest = if tx.license_by_key(&key)?.is_some() { Vec::new() } else { nearest_keys(tx, &key)? };
        Ok((operation(tx).explain(&question)?, nearest))
    })?;
    let fix = explanation.fix.as_ref().map(|words| shell::command(&shell_words::join(words), data));
    let value = to_json(&explanation, fix.as_deref(), &nearest);
    let lines = [to_text(&explanation, fix.as_deref())].into_iter().chain(did_you_mean(&nearest));
    output.result(&value, &lines.collect::<Vec<_>>().join("\n"))
}

fn to_json(explanation: &Explanation, fix: Option<&str>, nearest: &[String]) -> Value {
    json!({
        "endpoint": explanation.endpoint.as_str(), "license_key": explanation.license_key,
        "identifier": explanation.identifier, "at": explanation.at.to_string(),
        "code": explanation.outcome.code(), "message": explanation.outcome.message(),
        "steps": explanation.steps_json(), "fix": fix, "nearest_keys": nearest,
    })
}

fn to_text(explanation: &Explanation, fix: Option<&str>) -> String {
    let Explanation { endpoint, license_key, at, outcome, steps, .. } = explanation;
    let license_key = license_key.as_deref().unwrap_or_default();
    let mut lines = vec![format!("license key {license_key}: {} at {at}", endpoint.as_str())];
    for (number, step) in (1..).zip(steps) {
        let (mark, text) = match step.state {
            StepState::Passed => ('✓', step.text.as_str()),
            StepState::Refused => ('✗', step.text.as_str()),
            StepState::NotReached => ('·', "not reached"),
        };
        let name = step.step.as_str().replace('_', " ");
        lines.push(format!("  {mark} {number} {name:<11}  {text}"));
    }
    let answer = format!("answer: {} \"{}\"", outcome.code(), outcome.message());
    match explanation.refusal() {
        None if endpoint.checks_more() => {
            lines.push(format!("{answer}, if the endpoint's own fields are right"));
        }
        None => lines.push(answer),
        Some((number, step)) => {
            lines.push(answer);
            lines.push(format!("step {number} of {}: {}", steps.len(), step.text));
            lines.extend(fix.map(|command| format!("to change that: {command}")));
        }
    }
    join_lines(&lines)
}
