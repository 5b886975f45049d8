//! What anyone may read of the API.

use super::products::CHANGELOG;
use crate::domain::MAX_NAME;
use crate::domain::Outcome::*;
use crate::reference::fields::{Field, Kind};
use crate::reference::{Asker, Endpoint, answer, plain};

pub const PRODUCT_CHANGELOG: &str = "/products/{slug}/changelog";

pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    path: PRODUCT_CHANGELOG,
    asker: Asker::Anyone,
    summary: "What is new in the published versions of a product that says so",
    text: "",
    fields: &[Field::required("slug", Kind::Text(MAX_NAME), "my-product", "")],
    answers: &[
        answer(Changelog, CHANGELOG),
        plain(ChangelogDisabled),
        plain(ChangelogNotEnabled),
        plain(ProductNotFound),
    ],
    refusals: &[],
}];
