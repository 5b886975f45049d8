//! The rules of a product's fields, as options of the command line.

use crate::cli::Result;
use crate::domain::{check_text, is_slug};
use crate::store::Tx;

/// A text, trimmed.
pub fn text(option: &str, text: &str, max: usize) -> Result<String> {
    let text = text.trim();
    check_text(text, max).map_err(|error| format!("{option}: {error}"))?;
    Ok(text.to_owned())
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

/// Refuses a slug that another product has.
pub fn free_slug(tx: &Tx<'_>, slug: &str, other_than: Option<i64>) -> Result {
    if tx.is_slug_taken(slug, other_than)? {
        return Err(format!("a product with the slug {slug} exists already: give another with --slug").into());
    }
    Ok(())
}
