//! The rules of a product's fields, as options of the command line.

use std::error::Error;

use serde_json::Value;

use crate::cli::Result;
use crate::domain::{MAX_PRODUCT_TEXT, Target, check_text, is_slug, trimmed_text};
use crate::operations::{OperationError, ProductRefusal};

/// A text, trimmed.
pub fn text(option: &str, text: &str, max: usize) -> Result<String> {
    trimmed_text(text, max).map_err(|error| format!("{option}: {error}").into())
}

/// A text that must not be blank.
pub fn required(option: &str, value: &str, max: usize) -> Result<String> {
    let value = text(option, value, max)?;
    if value.is_empty() { Err(format!("{option} is empty: give a text").into()) } else { Ok(value) }
}

/// A slug, or an empty text, which removes one.
pub fn slug_or_blank(text: &str) -> Result<String> {
    let slug = text.trim();
    if slug.is_empty() || is_slug(slug) {
        return Ok(slug.to_owned());
    }
    Err(format!("{slug:?} can't be a slug: use letters, digits, - and _, but not a number or a UUID").into())
}

/// The URL of webhooks, or an empty text for none.
pub fn url_or_blank(option: &str, url: &str) -> Result<String> {
    let url = url.trim();
    if !url.is_empty() {
        Target::of_url(url).map_err(|bad| format!("{option}: {bad}"))?;
    }
    Ok(url.to_owned())
}

/// The features of a product: a JSON text, compact; an empty text is an empty list.
pub fn features(option: &str, text: &str) -> Result<String> {
    let text = text.trim();
    check_text(text, MAX_PRODUCT_TEXT).map_err(|error| format!("{option}: {error}"))?;
    if text.is_empty() {
        return Ok("[]".to_owned());
    }
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!("{option} is not JSON: {error}; give a list such as [\"updates\"]"))?;
    Ok(value.to_string())
}

/// The refusal of a change, and the next step.
pub fn explained(error: OperationError<ProductRefusal>) -> Box<dyn Error + Send + Sync> {
    let next = match &error {
        OperationError::Failed(_) => return error.into(),
        OperationError::Refused(ProductRefusal::SlugTaken(_)) => "give another with --slug",
        OperationError::Refused(ProductRefusal::HasLicenses { .. }) => {
            "requests would be answered with 203; make the product inactive instead, or give --even-with-licenses"
        }
    };
    format!("{error}: {next}").into()
}
