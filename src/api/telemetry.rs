//! Telemetry: what products report about their use.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::api::call::Call;
use crate::domain::{
    DataType, LicenseKey, MAX_NAME, MAX_TELEMETRY_TEXT, Outcome, Telemetry, TelemetryFilter, TelemetryReport,
    is_numeric,
};
use crate::wire::field_errors::FieldErrors;
use crate::wire::params::Params;
use crate::wire::reply::{Reply, Result};

/// The most reports that one answer lists.
pub const MAX_ITEMS: i64 = 10_000;

/// What newer clients send besides (API §4.27).
const EXTRA: [&str; 4] = ["hwid", "country", "flags", "metadata"];

/// `POST /send-telemetry-data` (API §4.27, §6.5): `product_id`, `user_identifier`, `license_key`,
/// `activation_identifier`, `product_version`, `data_type`, `data_group`, and the data:
/// `numeric_data_single_value`, or `numeric_data_x` and `numeric_data_y`, or `text_data`. Texts have at most
/// 255 bytes, `text_data` and each extra at most 64 KiB. Always kept; 831 says what is wrong with it, and a
/// text that is too long is kept as an empty one.
pub fn send(call: &mut Call<'_>) -> Result {
    let mut errors = FieldErrors::default();
    let extra = extra(call.params, &mut errors);
    let report = read(call, &mut errors)?;
    call.tx.add_telemetry(&report, &extra, call.now)?;
    let outcome =
        if report.is_correct_format { Outcome::TelemetrySaved } else { Outcome::IncorrectTelemetrySaved };
    Ok(Reply::from(outcome).with("errors", errors.lists()))
}

/// `GET /get-telemetry-data` (API §4.28): the reports by id, of this `data_type` and `data_group`, and
/// by any other field of theirs. A filter that is left out, or a flag that is neither yes nor no, filters
/// nothing.
///
/// At most 10,000 in one answer; `page` and `items_per_page` give the others. Those of one answer may carry 4
/// MiB of text; where they carry more, the answer is 1913, and a smaller `items_per_page` helps.
pub fn list(call: &mut Call<'_>) -> Result {
    let found = Reply::from(Outcome::TelemetryFound);
    let Some(filter) = filter(call)? else { return Ok(found.with("data", json!([]))) };
    let number = |field| call.params.integer(field).and_then(std::result::Result::ok);
    let limit = number("items_per_page").unwrap_or(MAX_ITEMS).clamp(1, MAX_ITEMS);
    let offset = number("page").unwrap_or(1).max(1).saturating_sub(1).saturating_mul(limit);
    let Some(rows) = call.tx.telemetry(&filter, limit, offset)? else {
        return Err(Reply::from(Outcome::PayloadTooLarge).with("field", "items_per_page").into());
    };
    Ok(found.with_list("data", rows, shown))
}

/// What was reported. The order of these lines is the order of the errors.
fn read(call: &Call<'_>, errors: &mut FieldErrors) -> Result<TelemetryReport> {
    let params = call.params;
    let (product_id, product_exists) = product(call)?.unwrap_or_default();
    if !product_exists {
        errors.invalid("product_id");
    }
    let user_identifier = name(params, "user_identifier", errors);
    let license_key = name(params, "license_key", errors);
    let activation_identifier = name(params, "activation_identifier", errors);
    let product_version = name(params, "product_version", errors);
    let data_type = name(params, "data_type", errors);
    let kind = DataType::parse(&data_type);
    if kind.is_none() && !data_type.is_empty() {
        errors.invalid("data_type");
    }
    let data_group = name(params, "data_group", errors);
    let data = match kind {
        Some(kind) => data(params, kind, errors),
        None => data_of_no_type(params, errors),
    };
    let license_key_exists = match LicenseKey::parse(&license_key) {
        Ok(license_key) => call.tx.license_by_key(&license_key)?.is_some(),
        Err(_) => false,
    };
    let product_version_exists =
        product_exists && call.tx.product_has_version(product_id, &product_version)?;
    Ok(TelemetryReport {
        user_identifier,
        license_key,
        activation_identifier,
        product_id,
        product_version,
        data_type,
        data_group,
        data,
        is_correct_format: errors.is_empty(),
        license_key_exists,
        product_exists,
        product_version_exists,
    })
}

/// The id of the product that was named, and whether it exists; a number is an id also if it doesn't. `None`:
/// nothing that could be one was sent.
fn product(call: &Call<'_>) -> Result<Option<(i64, bool)>> {
    let Some(reference) = call.params.text("product_id") else { return Ok(None) };
    let reference = reference.trim();
    if let Some(product) = call.tx.product_by_reference(reference)? {
        return Ok(Some((product.id, true)));
    }
    Ok(reference.parse().ok().map(|id| (id, false)))
}

/// A text that is required, trimmed; empty if it can't be kept.
fn name(params: &Params, field: &'static str, errors: &mut FieldErrors) -> String {
    let Some(text) = params.text(field) else {
        errors.required(field);
        return String::new();
    };
    kept(field, text.trim().into(), MAX_NAME, errors)
}

fn kept(field: &'static str, text: Cow<'_, str>, max: usize, errors: &mut FieldErrors) -> String {
    if errors.accepts(field, &text, max) { text.into_owned() } else { String::new() }
}

/// The data of a report, in the one text form that it is kept and shown in.
fn data(params: &Params, kind: DataType, errors: &mut FieldErrors) -> String {
    match kind {
        DataType::NumericSingleValue => number(params, "numeric_data_single_value", kind, errors),
        DataType::NumericXyAxis => {
            let x = number(params, "numeric_data_x", kind, errors);
            let y = number(params, "numeric_data_y", kind, errors);
            json!({ "x": x, "y": y }).to_string()
        }
        DataType::Text => match params.text_or_json("text_data") {
            Some(text) => kept("text_data", text, MAX_TELEMETRY_TEXT, errors),
            None => missing("text_data", kind, errors),
        },
    }
}

/// What was sent without a type that says what it is: kept, in the first of the fields that holds any.
fn data_of_no_type(params: &Params, errors: &mut FieldErrors) -> String {
    if let Some(text) = params.text_or_json("text_data") {
        return kept("text_data", text, MAX_TELEMETRY_TEXT, errors);
    }
    if let Some(number) = params.text("numeric_data_single_value") {
        return kept("numeric_data_single_value", number, MAX_NAME, errors);
    }
    let axes = ["numeric_data_x", "numeric_data_y"]
        .map(|field| Some(kept(field, params.text(field)?, MAX_NAME, errors)));
    match axes {
        [None, None] => String::new(),
        [x, y] => json!({ "x": x.unwrap_or_default(), "y": y.unwrap_or_default() }).to_string(),
    }
}

/// A number as it was sent. What is none is kept too: the flag says that it isn't.
fn number(params: &Params, field: &'static str, kind: DataType, errors: &mut FieldErrors) -> String {
    let Some(text) = params.text(field) else { return missing(field, kind, errors) };
    let text = kept(field, text.trim().into(), MAX_NAME, errors);
    if !text.is_empty() && !is_numeric(&text) {
        errors.must(field, "be a number");
    }
    text
}

fn missing(field: &'static str, kind: DataType, errors: &mut FieldErrors) -> String {
    errors.required_when(field, &format!("data type is {}", kind.as_str()));
    String::new()
}

fn extra(params: &Params, errors: &mut FieldErrors) -> String {
    let mut extra = Map::new();
    for field in EXTRA {
        if let Some(json) = params.json(field)
            && errors.accepts(field, &json.to_string(), MAX_TELEMETRY_TEXT)
        {
            extra.insert(field.to_owned(), json);
        }
    }
    Value::Object(extra).to_string()
}

/// `None`: nothing can match.
fn filter(call: &Call<'_>) -> Result<Option<TelemetryFilter>> {
    let text = |field| call.params.text(field).map(|text| text.trim().to_owned());
    let flag = |field| call.params.flag(field).and_then(std::result::Result::ok);
    let product = product(call)?;
    if product.is_none() && call.params.text("product_id").is_some() {
        return Ok(None);
    }
    Ok(Some(TelemetryFilter {
        data_type: text("data_type"),
        data_group: text("data_group"),
        product_id: product.map(|(id, _)| id),
        user_identifier: text("user_identifier"),
        license_key: text("license_key"),
        activation_identifier: text("activation_identifier"),
        product_version: text("product_version"),
        is_correct_format: flag("is_correct_format"),
        license_key_exists: flag("license_key_exists"),
        product_exists: flag("product_exists"),
        product_version_exists: flag("product_version_exists"),
        has_red_flags: flag("has_red_flags"),
    }))
}

fn shown(telemetry: &Telemetry) -> Value {
    let report = &telemetry.report;
    json!({
        "id": telemetry.id,
        "user_identifier": report.user_identifier,
        "license_key": report.license_key,
        "activation_identifier": report.activation_identifier,
        "product_id": report.product_id,
        "product_version": report.product_version,
        "data_type": report.data_type,
        "data_group": report.data_group,
        "data": report.data,
        "is_correct_format": i64::from(report.is_correct_format),
        "license_key_exists": i64::from(report.license_key_exists),
        "product_exists": i64::from(report.product_exists),
        "product_version_exists": i64::from(report.product_version_exists),
        "has_red_flags": i64::from(report.has_red_flags()),
        "created_at": telemetry.created_at.to_iso(),
        // Reports are never edited.
        "updated_at": telemetry.created_at.to_iso(),
    })
}
