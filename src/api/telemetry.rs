//! Telemetry: reports of products about their use.

use serde_json::{Value, json};

use super::telemetry_report::{
    self, ACTIVATION, COUNTRY, DATA_GROUP, DATA_TYPE, FLAGS, HWID, METADATA, SINGLE_VALUE, TEXT, USER,
    VERSION, X_VALUE, Y_VALUE,
};
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{LICENSE_KEY, PAGE, PRODUCT_ID};
use crate::api::record::{Audience, Record, answer};
use crate::api::sent::Form;
use crate::api::shape::{CREATED_AT, Shape, UPDATED_AT};
use crate::domain::{Outcome, Telemetry, TelemetryFilter};
use crate::wire::reply::{Reply, Result};

/// The most reports that one answer lists.
const MAX_ITEMS: i64 = 10_000;

/// `POST /send-telemetry-data` (API §4.27, §6.5).
pub const SEND: Endpoint = Record::new(Audience::Product, "Stores a telemetry report")
    .says(
        "A report is always stored. If something is wrong with it, the answer is 831 with the \
         errors. A text that is too long is stored as an empty one.",
    )
    .takes(&[
        &PRODUCT_ID,
        &USER,
        &LICENSE_KEY,
        &ACTIVATION,
        &VERSION,
        &DATA_TYPE,
        &DATA_GROUP,
        &SINGLE_VALUE,
        &X_VALUE,
        &Y_VALUE,
        &TEXT,
        &HWID,
        &COUNTRY,
        &FLAGS,
        &METADATA,
    ])
    .answers(&[
        answer(Outcome::TelemetrySaved, &[("errors", Shape::Errors(&[]))]),
        answer(
            Outcome::IncorrectTelemetrySaved,
            &[("errors", Shape::Errors(&[("data_type", "The data type field is required.")]))],
        ),
    ])
    .run(send);

fn send(call: &mut Call<'_>) -> Result {
    let mut form = Form::new(call.sent);
    let extra = telemetry_report::extra(&mut form);
    let report = telemetry_report::read(call, &mut form)?;
    call.tx.add_telemetry(&report, &extra, call.now)?;
    let outcome =
        if report.is_correct_format { Outcome::TelemetrySaved } else { Outcome::IncorrectTelemetrySaved };
    Ok(Reply::from(outcome).with("errors", form.errors.lists()))
}

const IS_CORRECT_FORMAT: Field<bool> =
    Field::flag("is_correct_format", "1").says("Whether the report had no errors.");
const LICENSE_KEY_EXISTS: Field<bool> = Field::flag("license_key_exists", "1");
const PRODUCT_EXISTS: Field<bool> = Field::flag("product_exists", "1");
const PRODUCT_VERSION_EXISTS: Field<bool> = Field::flag("product_version_exists", "1");
const HAS_RED_FLAGS: Field<bool> =
    Field::flag("has_red_flags", "0").says("Whether any of the four other flags is 0.");
const ITEMS_PER_PAGE: Field<i64> =
    Field::number("items_per_page", 1, MAX_ITEMS, "100").says("10000 by default, and at most 10000.");

/// `GET /get-telemetry-data` (API §4.28).
pub const LIST: Endpoint = Record::new(Audience::Vendor, "Lists telemetry reports by id")
    .says(
        "All filters must match. An answer carries at most 4 MiB of text; with more it is 1913, \
         and a smaller `items_per_page` helps.",
    )
    .takes(&[
        &DATA_TYPE.optional(),
        &DATA_GROUP.optional(),
        &PRODUCT_ID.optional(),
        &USER.optional(),
        &LICENSE_KEY.optional(),
        &ACTIVATION.optional(),
        &VERSION.optional(),
        &IS_CORRECT_FORMAT,
        &LICENSE_KEY_EXISTS,
        &PRODUCT_EXISTS,
        &PRODUCT_VERSION_EXISTS,
        &HAS_RED_FLAGS,
        &PAGE,
        &ITEMS_PER_PAGE,
    ])
    .answers(&[answer(Outcome::TelemetryFound, &[("data", Shape::List(&ROW))])])
    .run(list);

/// Lists reports. A missing filter, or a flag that is not a boolean, matches all of them.
fn list(call: &mut Call<'_>) -> Result {
    let found = Reply::from(Outcome::TelemetryFound);
    let Some(filter) = filter(call)? else { return Ok(found.with("data", json!([]))) };
    let limit = call.sent.clamped(ITEMS_PER_PAGE).unwrap_or(MAX_ITEMS);
    let offset = call.sent.clamped(PAGE).unwrap_or(1).saturating_sub(1).saturating_mul(limit);
    let Some(rows) = call.tx.telemetry(&filter, limit, offset)? else {
        return Err(Reply::from(Outcome::PayloadTooLarge).with("field", ITEMS_PER_PAGE.name()).into());
    };
    Ok(found.with_list("data", rows, shown))
}

/// Reads the filter of a list. `None`: no report can match it.
fn filter(call: &Call<'_>) -> Result<Option<TelemetryFilter>> {
    let flag = |field| call.sent.lenient(field);
    let product = telemetry_report::product(call)?;
    if product.is_none() && call.get(PRODUCT_ID)?.is_some() {
        return Ok(None);
    }
    Ok(Some(TelemetryFilter {
        data_type: call.sent.trimmed(&DATA_TYPE),
        data_group: call.sent.trimmed(&DATA_GROUP),
        product_id: product.map(|(id, _)| id),
        user_identifier: call.sent.trimmed(&USER),
        license_key: call.sent.trimmed(&LICENSE_KEY),
        activation_identifier: call.sent.trimmed(&ACTIVATION),
        product_version: call.sent.trimmed(&VERSION),
        is_correct_format: flag(IS_CORRECT_FORMAT),
        license_key_exists: flag(LICENSE_KEY_EXISTS),
        product_exists: flag(PRODUCT_EXISTS),
        product_version_exists: flag(PRODUCT_VERSION_EXISTS),
        has_red_flags: flag(HAS_RED_FLAGS),
    }))
}

const ROW: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("user_identifier", Shape::Text("user-17")),
    ("license_key", Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222")),
    ("activation_identifier", Shape::Text("domain.ltd")),
    ("product_id", Shape::Number(1)),
    ("product_version", Shape::Text("1.0.2")),
    ("data_type", Shape::Text("text")),
    ("data_group", Shape::Text("exports")),
    ("data", Shape::Text("three files")),
    ("is_correct_format", Shape::Flag),
    ("license_key_exists", Shape::Flag),
    ("product_exists", Shape::Flag),
    ("product_version_exists", Shape::Flag),
    ("has_red_flags", Shape::Flag),
    CREATED_AT,
    UPDATED_AT,
]);

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
