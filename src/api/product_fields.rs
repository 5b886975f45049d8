//! The fields that make or change a product.

use serde_json::Value;

use crate::api::call::Call;
use crate::api::field::Field;
use crate::api::sent::Form;
use crate::domain::{
    MAX_NAME, MAX_PRODUCT_TEXT, Outcome, ProductChange, ProductSource, ProductStatus, is_slug,
};
use crate::operations::{OperationError, ProductRefusal};
use crate::wire::reply::{Error, Result};

pub const NAME: Field<String> = Field::text("name", MAX_NAME, "My product").required();
pub const DESCRIPTION: Field<String> = Field::text("description", MAX_PRODUCT_TEXT, "What I sell").required();
pub const SOURCE: Field<ProductSource> =
    Field::word("source", &["internal", "envato"], ProductSource::parse, "internal")
        .says("`internal` by default.");
pub const REQUIRE_NON_EXPIRED: Field<bool> = Field::flag("require_non_expired", "0")
    .says("Whether downloads need a license that has not expired. 0 by default.");
pub const STATUS: Field<ProductStatus> =
    Field::word("status", &["active", "inactive"], ProductStatus::parse, "active")
        .says("Licenses of an inactive product are refused with 203. `active` by default.");
pub const EXTERNAL_REFERENCE: Field<String> =
    Field::text("external_reference", MAX_NAME, "SKU-17").says("The product's name in another system.");
pub const SLUG: Field<String> = Field::text("slug", MAX_NAME, "my-product").says(
    "The product's name in URLs: ASCII letters, digits, `-` and `_`. Unique; neither a number \
     nor a uuid.",
);
pub const CHANGELOG_ENABLED: Field<bool> =
    Field::flag("changelog_enabled", "1").says("Whether everybody may read its changelog. 0 by default.");
pub const FEATURES: Field<Value> = Field::json("features", MAX_PRODUCT_TEXT, r#"["updates"]"#).says(
    "A list of names, or an object of names and values. Read by \
     `/licenses/{license_key}/features/{feature}`, shown by `get-product`.",
);

/// Reads a new product (API §4.18). Adds its errors to the form.
pub fn read(call: &Call<'_>, form: &mut Form<'_>, id: Option<i64>) -> Result<ProductChange> {
    let name = form.required(NAME);
    let description = form.required(DESCRIPTION);
    read_rest(call, form, id, ProductChange { name, description, ..ProductChange::default() })
}

/// Reads the changes of a product (API §4.19): only the fields that were sent. `id`: the product, if it exists.
pub fn read_change(call: &Call<'_>, form: &mut Form<'_>, id: Option<i64>) -> Result<ProductChange> {
    let name = not_blank(form, NAME);
    let description = not_blank(form, DESCRIPTION);
    read_rest(call, form, id, ProductChange { name, description, ..ProductChange::default() })
}

fn read_rest(
    call: &Call<'_>,
    form: &mut Form<'_>,
    id: Option<i64>,
    change: ProductChange,
) -> Result<ProductChange> {
    let change = ProductChange {
        source: form.read(SOURCE),
        require_non_expired: form.read(REQUIRE_NON_EXPIRED),
        status: form.read(STATUS),
        external_reference: form.text_or_blank(EXTERNAL_REFERENCE),
        slug: form.text_or_blank(SLUG),
        changelog_enabled: form.read(CHANGELOG_ENABLED),
        features: features(form),
        ..change
    };
    match change.slug.as_deref() {
        None | Some("") => {}
        Some(slug) if !is_slug(slug) => form.errors.invalid(SLUG.name()),
        Some(slug) if !call.operation().is_slug_free(slug, id)? => slug_is_taken(form),
        Some(_) => {}
    }
    Ok(change)
}

/// The refusal of the operation on a product. The form has found a taken slug already, in the same transaction.
pub fn refused(form: &mut Form<'_>, error: OperationError<ProductRefusal>, outcome: Outcome) -> Error {
    match error {
        OperationError::Failed(error) => error.into(),
        OperationError::Refused(_) => {
            slug_is_taken(form);
            form.refused(outcome)
        }
    }
}

/// Adds the error that another product has the slug.
fn slug_is_taken(form: &mut Form<'_>) {
    form.errors.add(SLUG.name(), "The slug has already been taken.");
}

/// Reads a text that can't be blank; a change may leave it out.
fn not_blank(form: &mut Form<'_>, field: Field<String>) -> Option<String> {
    if form.sent.has(&field) { form.required(field) } else { None }
}

/// Reads any JSON, as compact text; blank is an empty list.
fn features(form: &mut Form<'_>) -> Option<String> {
    if !form.sent.has(&FEATURES) {
        return None;
    }
    if !form.sent.is_filled(&FEATURES) {
        return Some("[]".to_owned());
    }
    form.read(FEATURES).map(|features| features.to_string())
}
