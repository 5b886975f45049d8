//! Changelogs: the published versions of a product and what changed in each.

use serde_json::{Value, json};

use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::ONLY_PRODUCT_ID;
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::shape::{SLUG, Shape};
use crate::domain::{Downloadable, MAX_NAME, Outcome, Product};
use crate::store::Tx;
use crate::wire::reply::{Reply, Result};

/// `GET /get-product-changelog` (API §5.6).
pub const OF_PRODUCT: Endpoint =
    Record::new(Audience::Product, "The changelog of a product: its published versions, the newest first")
        .takes(&[&ONLY_PRODUCT_ID])
        .answers(&[
            answer(Outcome::Changelog, CHANGELOG),
            plain(Outcome::ChangelogDisabled),
            plain(Outcome::ChangelogNotEnabled),
            plain(Outcome::ProductNotFound),
        ])
        .run(of_product);

fn of_product(call: &mut Call<'_>) -> Result {
    check_switched_on(call.context.shows_changelogs)?;
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    changelog(call.tx, &product)
}

/// `GET /products/{slug}/changelog` (API §5.2).
pub const BY_SLUG: Record = Record::new(Audience::Anyone, "The changelog of a product that publishes it")
    .takes(&[&Field::text("slug", MAX_NAME, "my-product").required()])
    .answers(&[
        answer(Outcome::Changelog, CHANGELOG),
        plain(Outcome::ChangelogDisabled),
        plain(Outcome::ChangelogNotEnabled),
        plain(Outcome::ProductNotFound),
    ]);

/// Returns the changelog of the product with this slug. `switched_on`: whether this server publishes changelogs.
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

const CHANGELOG: &[(&str, Shape)] = &[
    ("product", Shape::Object(&[("name", Shape::Text("My product")), ("slug", SLUG)])),
    (
        "changelog",
        Shape::List(&Shape::Object(&[
            ("version", Shape::Text("1.0.2")),
            ("numeric_version", Shape::Number(102)),
            ("release_date", Shape::Text("2026-02-27 00:00:00")),
            ("update_summary", Shape::Text("Bugfixes")),
            ("changelog", Shape::Text("Starts twice as fast")),
        ])),
    ),
];

fn shown(version: &Downloadable) -> Value {
    json!({
        "version": version.version,
        "numeric_version": version.numeric_version,
        "release_date": version.release_date.to_string(),
        "update_summary": version.update_summary,
        "changelog": version.changelog,
    })
}
