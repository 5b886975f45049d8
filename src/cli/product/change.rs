//! `keyseal product show`, `update` and `delete`.

use clap::builder::BoolishValueParser;
use serde_json::json;

use super::reference::{by_id, existing};
use super::{signed_by, to_json, valid};
use crate::cli::{Output, Result, change, open, operation, with_members};
use crate::domain::{MAX_NAME, MAX_PRODUCT_TEXT, Product, ProductChange, ProductSource, ProductStatus};
use crate::files::DataDir;
use crate::operations::LicensesOfDeleted;

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
    /// URL of the webhooks for its activations that have none of their own; empty for none
    #[arg(long, value_name = "URL", group = "changes")]
    post_url: Option<String>,
    /// Features, as JSON: a list of names, or an object of names and values; empty for none
    #[arg(long, value_name = "JSON", group = "changes")]
    features: Option<String>,
    /// Source of its license keys
    #[arg(long, group = "changes", value_parser = ["internal", "envato"])]
    source: Option<String>,
    /// Publish its changelog, or don't
    #[arg(long, value_name = "yes|no", group = "changes", value_parser = BoolishValueParser::new())]
    changelog: Option<bool>,
    /// Refuse downloads for expired licenses with 205, or don't
    #[arg(long, value_name = "yes|no", group = "changes", value_parser = BoolishValueParser::new())]
    require_non_expired: Option<bool>,
}

#[derive(clap::Args)]
pub struct DeleteArgs {
    /// Product: its id, UUID, slug or name
    product: String,
    /// Delete it even if licenses of it are assigned: they stay, and are answered with 203
    #[arg(long)]
    even_with_licenses: bool,
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
        post_url: args.post_url.as_deref().map(|url| valid::url_or_blank("--post-url", url)).transpose()?,
        features: args.features.as_deref().map(|text| valid::features("--features", text)).transpose()?,
        source: args.source.as_deref().and_then(ProductSource::parse),
    };
    let reference = args.product.clone();
    let product = change(&open(data)?, move |tx| {
        let product = existing(tx, &reference)?;
        operation(tx).change_product(product.id, &changes).map_err(valid::explained)?;
        by_id(tx, product.id)
    })?;
    output.result(&to_json(&product), &format!("product {} is changed\n{}", product.id, summary(&product)))
}

pub fn show(reference: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (product, assigned) = open(data)?.try_read(|tx| -> Result<_> {
        let product = existing(tx, reference)?;
        let assigned = tx.count_assigned_licenses(product.id)?;
        Ok((product, assigned))
    })?;
    let value = with_members(to_json(&product), [("assigned_licenses", assigned.into())]);
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let yes_or_no = |flag: bool| if flag { "yes" } else { "no" };
    let text = format!(
        "product {} \"{}\", {}\n\
         description           {}\n\
         slug                  {}\n\
         UUID                  {}\n\
         signing key           {}\n\
         licenses              {} assigned\n\
         webhooks              {}\n\
         features              {}\n\
         source                {}\n\
         external reference    {}\n\
         public changelog      {}\n\
         require non-expired   {}\n\
         created               {}\n\
         changed               {}",
        product.id,
        product.name,
        product.status.as_str(),
        or_none(&product.description),
        product.slug.as_deref().unwrap_or("none"),
        product.uuid,
        signed_by(&product),
        assigned,
        or_none(&product.post_url),
        product.features,
        product.source.as_str(),
        or_none(&product.external_reference),
        yes_or_no(product.changelog_enabled),
        yes_or_no(product.require_non_expired),
        product.created_at,
        product.updated_at,
    );
    output.result(&value, &text)
}

pub fn delete(args: &DeleteArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let reference = args.product.clone();
    let licenses =
        if args.even_with_licenses { LicensesOfDeleted::Stay } else { LicensesOfDeleted::MustNotBeAssigned };
    let (product, assigned) = change(&open(data)?, move |tx| {
        let product = existing(tx, &reference)?;
        let assigned = operation(tx).delete_product(&product, licenses).map_err(valid::explained)?;
        Ok((product, assigned))
    })?;
    let of_them = if assigned > 0 { format!(", {assigned} of them assigned,") } else { String::new() };
    let text = format!(
        "product {} \"{}\" is deleted; its licenses stay{of_them} and are answered with 203",
        product.id, product.name
    );
    let value = json!({
        "id": product.id, "name": product.name, "deleted": true, "assigned_licenses": assigned,
    });
    output.result(&value, &text)
}

/// The product in one line, below its id.
fn summary(product: &Product) -> String {
    let slug = product.slug.as_deref().map_or_else(|| "no slug".to_owned(), |slug| format!("slug {slug}"));
    let status = product.status.as_str();
    format!("\"{}\", {status}, {slug}, UUID {}, {}", product.name, product.uuid, signed_by(product))
}
