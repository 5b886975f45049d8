//! `keyseal license search`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{expiry_in_short, to_json_with};
use crate::cli::{Output, Result, open};
use crate::domain::{ApiKey, MAX_NAME, SearchField};
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::operations::{FoundLicense, Search, SearchResult, search};

/// The time after which a search by part stops, once it has read the licenses that it always reads.
const TIME: Duration = Duration::from_millis(200);

/// Find licenses by their key, owner, identifier or order
///
/// Finds the licenses whose key, owner's email address or name, identifier or order reference begins with the text, in
/// any case. If none does, finds those that contain it: searches the newest 100,000 licenses, and as many more as
/// 200 ms allow. Also finds API keys with the text in their name.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  keyseal license search jane@example.com\n  keyseal license search 38fe --anywhere"
)]
pub struct Args {
    /// Text to look for
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    text: String,
    /// Also find licenses with the text inside a field, even if others begin with it
    #[arg(long)]
    anywhere: bool,
    /// At most N licenses
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    if args.text.trim().is_empty() {
        return Err(
            "the text to look for is blank: give a part of a key, an owner, an identifier or an order".into(),
        );
    }
    if args.text.len() > MAX_NAME {
        return Err(format!("the text to look for is longer than {MAX_NAME} bytes: give a part of it").into());
    }
    let started = Instant::now();
    let has_time = || started.elapsed() < TIME;
    let by = Search {
        text: &args.text,
        anywhere: args.anywhere,
        limit: usize::try_from(args.limit)?,
        has_time: &has_time,
    };
    let result = open(data)?.try_read(|tx| search(tx, &by))?;
    if output.is_json() {
        return output.result(&all_to_json(&result), "");
    }
    if let Some((licenses, activations)) = result.stopped_after {
        output.note(&format!(
            "note: stopped after {} ms and {} and {}, the newest; older ones may contain it too",
            TIME.as_millis(),
            number(licenses, "license", "licenses"),
            number(activations, "activation", "activations"),
        ));
    }
    if result.found.is_empty() {
        output.note(&format!("no license has \"{}\" in its key, owner, identifiers or order", args.text));
    } else {
        let rows: Vec<(Value, Vec<String>)> = result.found.iter().map(row).collect();
        output.list(&["license key", "product", "status", "expires", "owner", "found in"], &rows)?;
    }
    if result.has_more {
        output.note(&format!("note: only the first {} are listed: give more of the text", args.limit));
    }
    for key in &result.api_keys {
        let state = if key.active { "active" } else { "disabled" };
        output.note(&format!(
            "API key {} \"{}\" has it in its name ({state}): see \"keyseal audit list --api-key {}\"",
            key.id, key.name, key.id
        ));
    }
    Ok(())
}

fn row(found: &FoundLicense) -> (Value, Vec<String>) {
    let license = &found.license;
    let matches: Vec<String> =
        found.matches.iter().map(|found| format!("{} {}", in_words(found.field), found.text)).collect();
    let cells = vec![
        license.license_key.clone(),
        license.product_id.to_string(),
        license.status.as_str().to_owned(),
        expiry_in_short(license),
        license.owner_email.clone().or_else(|| license.owner_name.clone()).unwrap_or_default(),
        matches.join(", "),
    ];
    (Value::Null, cells)
}

fn in_words(field: SearchField) -> &'static str {
    match field {
        SearchField::LicenseKey => "key",
        SearchField::OwnerEmail => "email",
        SearchField::OwnerName => "name",
        SearchField::Identifier => "identifier",
        SearchField::OrderReference => "order",
    }
}

fn all_to_json(result: &SearchResult) -> Value {
    let license = |found: &FoundLicense| {
        let matches = found.matches.iter();
        let matches: Vec<Value> =
            matches.map(|found| json!({ "field": found.field.as_str(), "text": found.text })).collect();
        to_json_with(&found.license, [("matches", Value::Array(matches))])
    };
    let api_key = |key: &ApiKey| json!({ "id": key.id, "name": key.name, "active": key.active });
    json!({
        "licenses": result.found.iter().map(license).collect::<Vec<_>>(),
        "api_keys": result.api_keys.iter().map(api_key).collect::<Vec<_>>(),
        "has_more": result.has_more,
        "stopped_after": result.stopped_after.map(|(licenses, activations)| {
            json!({ "licenses": licenses, "activations": activations })
        }),
    })
}
