//! `keyseal license note`: keeps a note about a license.

use serde_json::json;

use super::{existing, license_key};
use crate::cli::{Output, Result, change, open, operation};
use crate::domain::{NotesChange, TextError, parse_note};
use crate::files::DataDir;

/// Keep a note about a license, in place of the one that it has
///
/// Only you see it: no answer of the API has it. It goes when the license loses its owner.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  keyseal license note 3a343c8a-38fe-4b6e-ad77-2222222 \"asked for a refund on 3 May\""
)]
pub struct Args {
    /// License key
    key: String,
    /// Note of at most 4 KiB; empty to remove the one that it has
    text: String,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let note = text("the note", Some(&args.text), parse_note)?;
    let (license, notes) = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        let note = NotesChange { note: note.clone(), ..NotesChange::default() };
        let notes = operation(tx).change_notes(license.id, &note)?;
        Ok((license, notes))
    })?;
    let text = match &notes.note {
        Some(note) => format!("license key {}: {note}", license.license_key),
        None => format!("license key {} has no note", license.license_key),
    };
    let value = json!({ "id": license.id, "license_key": license.license_key, "note": notes.note });
    output.result(&value, &text)
}

/// The reason of a block, from `--reason`. `blocked` says what is blocked, such as "the license is".
pub(super) fn block_reason(reason: &str, blocked: &str) -> Result<String> {
    let reason = text("--reason", Some(reason), parse_note)?.filter(|reason| !reason.is_empty());
    Ok(reason.ok_or_else(|| format!("--reason is empty: say why {blocked} blocked"))?)
}

/// A text from an option, trimmed; empty if the option is blank.
pub(super) fn text(
    option: &str,
    text: Option<&str>,
    parse: fn(&str) -> Result<String, TextError>,
) -> Result<Option<String>> {
    Ok(text.map(parse).transpose().map_err(|error| format!("{option}: {error}"))?)
}
