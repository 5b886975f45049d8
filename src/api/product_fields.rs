//! The fields that make or change a product, read and checked one by one.

use crate::api::call::Call;
use crate::domain::{MAX_NAME, MAX_PRODUCT_TEXT, ProductChange, ProductSource, ProductStatus, is_slug};
use crate::wire::field_errors::FieldErrors;
use crate::wire::params::Params;
use crate::wire::reply::Result;

/// What a request says about a product, and in `errors` what is wrong with it, field by field (contract
/// §4.18). Only what was sent is checked, and the `required` fields. `id`: the product that it is about, if
/// there is one already.
pub fn read(
    call: &Call<'_>,
    required: &[&'static str],
    id: Option<i64>,
    errors: &mut FieldErrors,
) -> Result<ProductChange> {
    let params = call.params;
    let change = ProductChange {
        name: demanded(params, "name", MAX_NAME, required, errors),
        description: demanded(params, "description", MAX_PRODUCT_TEXT, required, errors),
        source: choice(params, "source", ProductSource::parse, errors),
        require_non_expired: flag(params, "require_non_expired", errors),
        status: choice(params, "status", ProductStatus::parse, errors),
        external_reference: text(params, "external_reference", MAX_NAME, errors),
        slug: text(params, "slug", MAX_NAME, errors),
        changelog_enabled: flag(params, "changelog_enabled", errors),
        features: features(params, errors),
    };
    match change.slug.as_deref() {
        None | Some("") => {}
        Some(slug) if !is_slug(slug) => errors.invalid("slug"),
        Some(slug) if call.tx.is_slug_taken(slug, id)? => {
            errors.add("slug", "The slug has already been taken.");
        }
        Some(_) => {}
    }
    Ok(change)
}

/// A text that a product can't be without: an update may leave it out, but not send it blank.
fn demanded(
    params: &Params,
    field: &'static str,
    max: usize,
    required: &[&'static str],
    errors: &mut FieldErrors,
) -> Option<String> {
    if params.text(field).is_none() {
        if required.contains(&field) || params.has(field) {
            errors.required(field);
        }
        return None;
    }
    text(params, field, max, errors)
}

/// A text, trimmed; empty if it was sent blank.
fn text(params: &Params, field: &'static str, max: usize, errors: &mut FieldErrors) -> Option<String> {
    if !params.has(field) {
        return None;
    }
    let text = params.text(field).unwrap_or_default();
    let text = text.trim();
    errors.accepts(field, text, max).then(|| text.to_owned())
}

fn choice<T>(
    params: &Params,
    field: &'static str,
    parse: fn(&str) -> Option<T>,
    errors: &mut FieldErrors,
) -> Option<T> {
    let text = params.text(field)?;
    let choice = parse(text.trim());
    if choice.is_none() {
        errors.invalid(field);
    }
    choice
}

fn flag(params: &Params, field: &'static str, errors: &mut FieldErrors) -> Option<bool> {
    let flag = params.flag(field)?;
    if flag.is_err() {
        errors.must(field, "be true or false");
    }
    flag.ok()
}

/// Any JSON, as compact text; blank: an empty list.
fn features(params: &Params, errors: &mut FieldErrors) -> Option<String> {
    const FIELD: &str = "features";
    if !params.has(FIELD) {
        return None;
    }
    let features = params.json(FIELD).map_or_else(|| "[]".to_owned(), |json| json.to_string());
    errors.accepts(FIELD, &features, MAX_PRODUCT_TEXT).then_some(features)
}
