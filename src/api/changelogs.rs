//! Changelogs: what is new in the published versions of a product.

use serde_json::{Value, json};

use crate::api::call::Call;
use crate::domain::{Downloadable, Outcome, Product};
use crate::store::Tx;
use crate::wire::reply::{Reply, Result};

/// `GET /get-product-changelog` (API §5.6): `product_id`; without it, the only product that there is.
pub fn of_product(call: &mut Call<'_>) -> Result {
    check_switched_on(!call.context.config.pages.no_changelog)?;
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    changelog(call.tx, &product)
}

/// `GET /products/{slug}/changelog` (API §5.2), for anyone. `switched_on`: whether this server shows
/// changelogs at all.
pub fn by_slug(tx: &Tx<'_>, slug: &str, switched_on: bool) -> Result {
    check_switched_on(switched_on)?;
    let product = tx.product_by_slug(slug)?.ok_or(Outcome::ProductNotFound)?;
    changelog(tx, &product)
}

fn check_switched_on(switched_on: bool) -> Result<()> {
    if switched_on { Ok(()) } else { Err(Outcome::ChangelogDisabled.into()) }
}

fn changelog(tx: &Tx<'_>, product: &Product) -> Result {
    if !product.changelog_enabled {
        return Err(Outcome::ChangelogNotEnabled.into());
    }
    let versions = tx.published_downloadables(product.id, None)?;
    Ok(Reply::from(Outcome::Changelog)
        .with("product", json!({ "name": product.name, "slug": product.slug }))
        .with("changelog", versions.iter().map(shown).collect::<Value>()))
}

fn shown(version: &Downloadable) -> Value {
    json!({
        "version": version.version,
        "numeric_version": version.numeric_version,
        "release_date": version.release_date.to_string(),
        "update_summary": version.update_summary,
        "changelog": version.changelog,
    })
}
