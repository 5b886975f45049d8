//! Generators, and the license keys that they make.

use super::licenses::{ACTIVATION_LIMIT, VALIDITY};
use super::{CREATED_AT, LICENSE_KEYS, UPDATED_AT};
use crate::domain::Outcome::*;
use crate::reference::fields::{GENERATOR_ID, PRODUCT_ID, QUANTITY};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/get-all-generators",
        asker: Asker::Vendor,
        summary: "Lists generators by id",
        text: "Under `products`, as the original does. `keyseal generator` makes them.",
        fields: &[PRODUCT_ID.may_be_left_out().saying("Only those of this product.")],
        answers: &[answer(AllGenerators, &[("products", Shape::List(&ROW))])],
        refusals: &[],
    },
    Endpoint {
        path: "/generate",
        asker: Asker::Vendor,
        summary: "Makes new license keys, which are available",
        text: "",
        fields: &[
            GENERATOR_ID,
            QUANTITY,
            ACTIVATION_LIMIT
                .may_be_left_out()
                .saying("Another one than the generator's; 0 or -1: any number."),
            VALIDITY.may_be_left_out().saying("Another one than the generator's, in days; 0: for ever."),
        ],
        answers: &[
            answer(LicenseKeysGenerated, &[("licenseKeys", LICENSE_KEYS)]),
            plain(GeneratorNotFound),
            answer(
                CreateLicenseIncorrectData,
                &[("errors", Shape::Errors(&[("quantity", "The quantity field is required.")]))],
            ),
        ],
        refusals: &[],
    },
];

const ROW: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("product_id", Shape::Number(1)),
    ("method", Shape::Word(&["chunk-system", "uuid", "custom"])),
    ("prefix", Shape::Text("MY-")),
    ("suffix", Shape::Text("")),
    ("function_name", Shape::Text("")),
    ("number_of_chunks", Shape::Number(4)),
    ("chunk_length", Shape::Number(4)),
    ("activation_limit", Shape::Number(1)),
    ("validity", Shape::Number(365)),
    ("status", Shape::Flag),
    ("charset", Shape::Text("0123456789ABCDEF")),
    CREATED_AT,
    UPDATED_AT,
]);
