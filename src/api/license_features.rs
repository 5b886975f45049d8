//! Features: whether a feature of a license's product is enabled.

use serde_json::Value;

use super::products::features;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{LICENSE_KEY, OF_PRODUCT};
use crate::api::record::{Audience, Record, answer};
use crate::api::sent::unreadable;
use crate::api::shape::Shape;
use crate::domain::{MAX_NAME, Outcome};
use crate::wire::reply::{Reply, Result};

const FEATURE: Field<String> =
    Field::text("feature", MAX_NAME, "updates").says("The feature's name, compared exactly.").required();

/// `GET /licenses/{license_key}/features/{feature}` (API §5.9).
pub const SHOW: Endpoint = Record::new(Audience::Product, "Tells whether a license's product has a feature")
    .says(
        "Reads the product's `features`: in an object of names and values, a feature is enabled unless its \
         value is `false` or `null`; in a list of names, the value of each is `true`. A feature that is in \
         neither is not enabled, and its value is `null`. No activation is needed, and a blocked or expired \
         license gets the same answer. The path holds a license key: keep it out of logs.",
    )
    .takes(&[&LICENSE_KEY, &FEATURE, &OF_PRODUCT])
    .answers(&[answer(
        Outcome::Feature,
        &[
            ("feature", Shape::Text("updates")),
            ("enabled", Shape::Bool(true)),
            ("value", Shape::Json("true")),
        ],
    )])
    .refuses(&[Outcome::InvalidLicenseKey, Outcome::ProductNotActive])
    .run(show);

fn show(call: &mut Call<'_>) -> Result {
    let (_, product) = call.gate().license_and_product()?;
    let feature = call.get(FEATURE)?.ok_or_else(|| unreadable(FEATURE.name()))?;
    let value = value(&features(&product), &feature);
    Ok(Reply::from(Outcome::Feature)
        .with("feature", feature)
        .with("enabled", !matches!(value, Value::Null | Value::Bool(false)))
        .with("value", value))
}

/// Returns the value of a feature. The features of a product are an object of names and values, or a list of names.
fn value(features: &Value, feature: &str) -> Value {
    match features {
        Value::Object(values) => values.get(feature).cloned().unwrap_or_default(),
        Value::Array(names) if names.iter().any(|name| name == feature) => Value::Bool(true),
        _ => Value::Null,
    }
}
