//! Telemetry: what products report about their use.

use super::{CREATED_AT, UPDATED_AT};
use crate::api::telemetry::MAX_ITEMS;
use crate::domain::Outcome::*;
use crate::domain::{MAX_NAME, MAX_TELEMETRY_TEXT};
use crate::reference::fields::{Field, Kind, LICENSE_KEY, PAGE, PRODUCT_ID};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer};

const DATA_TYPES: &[&str] = &["text", "numeric-single-value", "numeric-xy-axis"];
const DATA_TYPE: Field =
    Field::required("data_type", Kind::Word(DATA_TYPES), "text", "What kind of data it is.");
const DATA_GROUP: Field =
    Field::required("data_group", Kind::Text(MAX_NAME), "exports", "What it is about, in your own words.");
const USER: Field = Field::required("user_identifier", Kind::Text(MAX_NAME), "user-17", "Whose use it is.");
const ACTIVATION: Field =
    Field::required("activation_identifier", Kind::Text(MAX_NAME), "domain.ltd", "Where it was used.");
const VERSION: Field =
    Field::required("product_version", Kind::Text(MAX_NAME), "1.0.2", "The version in use.");

const fn extra(name: &'static str, example: &'static str, text: &'static str) -> Field {
    Field::optional(name, Kind::Json(MAX_TELEMETRY_TEXT), example, text)
}

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/send-telemetry-data",
        asker: Asker::Product,
        summary: "Keeps a report",
        text: "Always kept, also when something is wrong with it: then the answer is 831 and says what. A text that is too long is kept as an empty one.",
        fields: &[
            PRODUCT_ID,
            USER,
            LICENSE_KEY,
            ACTIVATION,
            VERSION,
            DATA_TYPE,
            DATA_GROUP,
            Field::optional(
                "numeric_data_single_value",
                Kind::Text(MAX_NAME),
                "50",
                "A number: the data, if the type is `numeric-single-value`.",
            ),
            Field::optional(
                "numeric_data_x",
                Kind::Text(MAX_NAME),
                "1",
                "A number: half of the data, if the type is `numeric-xy-axis`.",
            ),
            Field::optional("numeric_data_y", Kind::Text(MAX_NAME), "2", "A number: the other half."),
            Field::optional(
                "text_data",
                Kind::Json(MAX_TELEMETRY_TEXT),
                "three files",
                "The data, if the type is `text`.",
            ),
            extra("hwid", "0f3a", "Kept with the report, as are the three below."),
            extra("country", "NL", ""),
            extra("flags", r#"["beta"]"#, ""),
            extra("metadata", r#"{"os":"linux"}"#, ""),
        ],
        answers: &[
            answer(TelemetrySaved, &[("errors", Shape::Errors(&[]))]),
            answer(
                IncorrectTelemetrySaved,
                &[("errors", Shape::Errors(&[("data_type", "The data type field is required.")]))],
            ),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/get-telemetry-data",
        asker: Asker::Vendor,
        summary: "Lists reports by id",
        text: "Each filter narrows the list. One answer carries at most 4 MiB of text; where it would carry more it is 1913, and a smaller `items_per_page` helps.",
        fields: &[
            DATA_TYPE.may_be_left_out(),
            DATA_GROUP.may_be_left_out(),
            PRODUCT_ID.may_be_left_out(),
            USER.may_be_left_out(),
            LICENSE_KEY.may_be_left_out(),
            ACTIVATION.may_be_left_out(),
            VERSION.may_be_left_out(),
            Field::optional("is_correct_format", Kind::Flag, "1", "Whether nothing was wrong with it."),
            Field::optional("license_key_exists", Kind::Flag, "1", ""),
            Field::optional("product_exists", Kind::Flag, "1", ""),
            Field::optional("product_version_exists", Kind::Flag, "1", ""),
            Field::optional("has_red_flags", Kind::Flag, "0", "Whether any of the four others is 0."),
            PAGE,
            Field::optional(
                "items_per_page",
                Kind::Number(1, MAX_ITEMS),
                "100",
                "10000 if it isn't said, and at the most.",
            ),
        ],
        answers: &[answer(TelemetryFound, &[("data", Shape::List(&ROW))])],
        refusals: &[],
    },
];

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
