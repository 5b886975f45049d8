//! `keyseal product show`, `update` and `delete`.

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::reference::{by_id, existing};
use super::{signed_by, to_json, valid};
use crate::cli::{Output, Result, change, now, open};
use crate::domain::{MAX_NAME, MAX_PRODUCT_TEXT, Product, ProductChange, ProductStatus};
use crate::files::DataDir;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true))]
pub struct UpdateArgs {
    /// Product: its id, UUID, slug or name
    product: String,
    /// New name
    #[arg(long, group = "changes")]
    name: Option<String>,
    /// New description
    #[arg(long, group = "changes")]
    description: Option<String>,
    /// Activate it
    #[arg(long, group = "changes", conflicts_with = "inactive")]
    active: bool,
    /// Deactivate it: requests for its licenses are answered with 203
    #[arg(long, group = "changes")]
    inactive: bool,
    /// Name in URLs: letters, digits, - and _; empty to remove it
    #[arg(long, group = "changes")]
    slug: Option<String>,
    /// Its name elsewhere; empty to remove it
    #[arg(long, value_name = "TEXT", group = "changes")]
    external_reference: Option<String>,
    /// Publish its changelog, or don't
    #[arg(long, value_name = "yes|no", group = "changes", value_parser = BoolishValueParser::new())]
    changelog: Option<bool>,
    /// Refuse downloads for expired licenses with 205, or don't
    #[arg(long, value_name = "yes|no", group = "changes", value_parser = BoolishValueParser::new())]
    require_non_expired: Option<bool>,
}

pub fn update(args: &UpdateArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let status = match (args.active, args.inactive) {
        (true, _) => Some(ProductStatus::Active),
        (_, true) => Some(ProductStatus::Inactive),
        _ => None,
    };
    let changes = ProductChange {
        name: args.name.as_deref().map(|name| valid::required("--name", name, MAX_NAME)).transpose()?,
        description: args
            .description
            .as_deref()
            .map(|text| valid::required("--description", text, MAX_PRODUCT_TEXT))
            .transpose()?,
        status,
        require_non_expired: args.require_non_expired,
        external_reference: args
            .external_reference
            .as_deref()
            .map(|text| valid::text("--external-reference", text, MAX_NAME))
            .transpose()?,
        slug: args.slug.as_deref().map(valid::slug_or_blank).transpose()?,
        changelog_enabled: args.changelog,
        ..ProductChange::default()
    };
    let reference = args.product.clone();
    let product = change(&open(data)?, move |tx| {
        let product = existing(tx, &reference)?;
        if let Some(slug) = changes.slug.as_deref().filter(|slug| !slug.is_empty()) {
            valid::free_slug(tx, slug, Some(product.id))?;
        }
        tx.change_product(product.id, &changes, now())?;
        by_id(tx, product.id)
    })?;
    output.result(&to_json(&product), &format!("product {} is changed\n{}", product.id, summary(&product)))
}

pub fn show(reference: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let product = open(data)?.try_read(|tx| existing(tx, reference))?;
    output.result(&to_json(&product), &format!("product {}\n{}", product.id, summary(&product)))
}

pub fn delete(reference: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let reference = reference.to_owned();
    let product = change(&open(data)?, move |tx| {
        let product = existing(tx, &reference)?;
        tx.delete_product(product.id)?;
        Ok(product)
    })?;
    let text = format!(
        "product {} \"{}\" is deleted; its licenses stay, and are answered with 203",
        product.id, product.name
    );
    output.result(&json!({ "id": product.id, "name": product.name, "deleted": true }), &text)
}

/// The product in one line, below its id.
fn summary(product: &Product) -> String {
    let slug = product.slug.as_deref().map_or_else(|| "no slug".to_owned(), |slug| format!("slug {slug}"));
    let status = product.status.as_str();
    format!("\"{}\", {status}, {slug}, UUID {}, {}", product.name, product.uuid, signed_by(product))
}
