//! Writes a license as a line.

use super::COLUMNS;
use super::field::FORMULA_STARTS;
use crate::cli::Result;
use crate::domain::{License, LicenseNotes};

/// A license's fields, in the order of [`COLUMNS`].
pub fn fields(
    license: &License,
    identifiers: &[String],
    notes: LicenseNotes,
) -> Result<[String; COLUMNS.len()]> {
    Ok([
        license.license_key.clone(),
        license.product_id.to_string(),
        license.owner_name.clone().unwrap_or_default(),
        license.owner_email.clone().unwrap_or_default(),
        license.activation_limit.to_string(),
        license.validity.to_string(),
        license.assigned_at.map(|moment| moment.to_string()).unwrap_or_default(),
        license.status.as_str().to_owned(),
        // JSON, because an identifier may contain any separator.
        if identifiers.is_empty() { String::new() } else { serde_json::to_string(identifiers)? },
        notes.note.unwrap_or_default(),
        notes.order_reference.unwrap_or_default(),
    ])
}

/// A field that a spreadsheet would run as a formula, escaped; `None`: it would not.
pub fn escaped_for_spreadsheets(field: &str) -> Option<String> {
    field.starts_with(FORMULA_STARTS).then(|| format!("'{field}"))
}
