//! The fields of a telemetry report.

use serde_json::{Map, Value, json};

use crate::api::call::Call;
use crate::api::field::Field;
use crate::api::fields::{LICENSE_KEY, PRODUCT_ID};
use crate::api::sent::Form;
use crate::domain::{DataType, MAX_NAME, MAX_TELEMETRY_TEXT, TelemetryReport, is_numeric};
use crate::wire::reply::Result;

const DATA_TYPES: &[&str] = &["text", "numeric-single-value", "numeric-xy-axis"];
pub const DATA_TYPE: Field<DataType> =
    Field::word("data_type", DATA_TYPES, DataType::parse, "text").says("The kind of data.").required();
pub const DATA_GROUP: Field<String> = Field::text("data_group", MAX_NAME, "exports")
    .says("The subject of the report, in your own words.")
    .required();
pub const USER: Field<String> =
    Field::text("user_identifier", MAX_NAME, "user-17").says("The user.").required();
pub const ACTIVATION: Field<String> = Field::text("activation_identifier", MAX_NAME, "domain.ltd")
    .says("Where the license is used.")
    .required();
pub const VERSION: Field<String> =
    Field::text("product_version", MAX_NAME, "1.0.2").says("The version in use.").required();
pub const SINGLE_VALUE: Field<String> = Field::text("numeric_data_single_value", MAX_NAME, "50")
    .says("A number: the data, if the type is `numeric-single-value`.");
pub const X_VALUE: Field<String> = Field::text("numeric_data_x", MAX_NAME, "1")
    .says("A number: the x value, if the type is `numeric-xy-axis`.");
pub const Y_VALUE: Field<String> = Field::text("numeric_data_y", MAX_NAME, "2")
    .says("A number: the y value, if the type is `numeric-xy-axis`.");
pub const TEXT: Field<String> = Field::text_or_json("text_data", MAX_TELEMETRY_TEXT, "three files")
    .says("The data, if the type is `text`.");
pub const HWID: Field<Value> =
    extra_field("hwid", "0f3a").says("Stored with the report, like `country`, `flags` and `metadata`.");
pub const COUNTRY: Field<Value> = extra_field("country", "NL");
pub const FLAGS: Field<Value> = extra_field("flags", r#"["beta"]"#);
pub const METADATA: Field<Value> = extra_field("metadata", r#"{"os":"linux"}"#);

/// An additional field that newer clients send (API §4.27).
const fn extra_field(name: &'static str, example: &'static str) -> Field<Value> {
    Field::json(name, MAX_TELEMETRY_TEXT, example)
}

/// Reads a report. The order of these lines is the order of the errors. A text that can't be stored is stored as an
/// empty one.
pub fn read(call: &Call<'_>, form: &mut Form<'_>) -> Result<TelemetryReport> {
    let (product_id, product_exists) = product(call)?.unwrap_or_default();
    if !product_exists {
        form.errors.invalid(PRODUCT_ID.name());
    }
    let user_identifier = text(form, USER);
    let license_key = form.required(LICENSE_KEY);
    let activation_identifier = text(form, ACTIVATION);
    let product_version = text(form, VERSION);
    let (data_type, kind) = data_type(form);
    let data_group = text(form, DATA_GROUP);
    let data = match kind {
        Some(kind) => data(form, kind),
        None => data_of_no_type(form),
    };
    let license_key_exists = match &license_key {
        Some(license_key) => call.tx.license_by_key(license_key)?.is_some(),
        None => false,
    };
    let product_version_exists =
        product_exists && call.tx.product_has_version(product_id, &product_version)?;
    Ok(TelemetryReport {
        user_identifier,
        license_key: license_key.map(|key| key.to_string()).unwrap_or_default(),
        activation_identifier,
        product_id,
        product_version,
        data_type,
        data_group,
        data,
        is_correct_format: form.is_good(),
        license_key_exists,
        product_exists,
        product_version_exists,
    })
}

/// The id of the named product, and whether it exists. A number counts as an id even if no product has it. `None`: the
/// request names no product.
pub fn product(call: &Call<'_>) -> Result<Option<(i64, bool)>> {
    let Some(reference) = call.get(PRODUCT_ID)? else { return Ok(None) };
    if let Some(product) = call.tx.product_by_reference(&reference)? {
        return Ok(Some((product.id, true)));
    }
    Ok(reference.parse().ok().map(|id| (id, false)))
}

fn text(form: &mut Form<'_>, field: Field<String>) -> String {
    form.required(field).unwrap_or_default()
}

/// The `data_type` as it was sent, valid or not, and what it means.
fn data_type(form: &mut Form<'_>) -> (String, Option<DataType>) {
    let Some(text) = form.sent.trimmed(&DATA_TYPE) else {
        form.errors.required(DATA_TYPE.name());
        return (String::new(), None);
    };
    if !form.errors.accepts(DATA_TYPE.name(), &text, MAX_NAME) {
        return (String::new(), None);
    }
    let kind = DataType::parse(&text);
    if kind.is_none() {
        form.errors.invalid(DATA_TYPE.name());
    }
    (text, kind)
}

/// The data of a report, in the text form in which it is stored and shown.
fn data(form: &mut Form<'_>, kind: DataType) -> String {
    match kind {
        DataType::NumericSingleValue => number(form, SINGLE_VALUE, kind),
        DataType::NumericXyAxis => {
            let x = number(form, X_VALUE, kind);
            let y = number(form, Y_VALUE, kind);
            json!({ "x": x, "y": y }).to_string()
        }
        DataType::Text => {
            if !form.sent.is_filled(&TEXT) {
                missing(form, TEXT.name(), kind);
            }
            form.read(TEXT).unwrap_or_default()
        }
    }
}

/// The data of a report without a type, from the first data field that is not blank.
fn data_of_no_type(form: &mut Form<'_>) -> String {
    if form.sent.is_filled(&TEXT) {
        return form.read(TEXT).unwrap_or_default();
    }
    if let Some(number) = untrimmed(form, SINGLE_VALUE) {
        return number;
    }
    match [X_VALUE, Y_VALUE].map(|field| untrimmed(form, field)) {
        [None, None] => String::new(),
        [x, y] => json!({ "x": x.unwrap_or_default(), "y": y.unwrap_or_default() }).to_string(),
    }
}

/// A text exactly as it was sent; empty if it can't be stored. `None`: it is absent or blank.
fn untrimmed(form: &mut Form<'_>, field: Field<String>) -> Option<String> {
    let text = form.sent.text(&field)?;
    let is_good = form.errors.accepts(field.name(), &text, MAX_NAME);
    Some(if is_good { text.into_owned() } else { String::new() })
}

/// A number as it was sent. A text that is not a number is stored too, and flagged as incorrect.
fn number(form: &mut Form<'_>, field: Field<String>, kind: DataType) -> String {
    if form.sent.text(&field).is_none() {
        missing(form, field.name(), kind);
        return String::new();
    }
    let text = form.read(field).unwrap_or_default();
    if !text.is_empty() && !is_numeric(&text) {
        form.errors.must(field.name(), "be a number");
    }
    text
}

fn missing(form: &mut Form<'_>, field: &'static str, kind: DataType) {
    form.errors.required_when(field, &format!("data type is {}", kind.as_str()));
}

/// The additional fields of newer clients, as a JSON object.
pub fn extra(form: &mut Form<'_>) -> String {
    let mut extra = Map::new();
    for field in [HWID, COUNTRY, FLAGS, METADATA] {
        if let Some(json) = form.read(field) {
            extra.insert(field.name().to_owned(), json);
        }
    }
    Value::Object(extra).to_string()
}
