//! Downloads: the versions of a product that a license may fetch.

use serde_json::{Value, json};

use crate::api::call::Call;
use crate::domain::{Downloadable, Outcome, download_url};
use crate::wire::reply::{Error, Reply, Result};

/// `POST /access-downloadables` (API §4.5): `license_key`, `identifier`, and `version` for one version only.
/// Answers the published versions, the newest first, each with the link that downloads it.
pub fn list(call: &mut Call<'_>) -> Result {
    let license = call.license_for_downloads()?;
    let identifier = call.identifier()?;
    let version = call.params.text("version");
    let api_key = call.context.api_key.ok_or(Outcome::InvalidApiKey)?;
    let public_url = call.context.config.pages.public_url.as_deref().unwrap_or_default();
    let link =
        |version| download_url(public_url, api_key, &license.license_key, identifier.as_str(), version);
    let found = call.tx.published_downloadables(license.product_id, version.as_deref().map(str::trim))?;
    let shown = found.iter().map(|downloadable| shown(downloadable, &link(downloadable.numeric_version)));
    Ok(Reply::from(Outcome::Downloads).with("downloadables", shown.collect::<Value>()))
}

/// `GET /download/…` (API §5.1): the version to send. Every refusal of the license is 701.
pub fn requested(call: &mut Call<'_>, numeric_version: &str) -> Result<Downloadable> {
    let license = call.license_for_downloads().map_err(|error| match error {
        Error::Refused(_) => Outcome::DownloadNotPermitted.into(),
        failed @ Error::Failed(_) => failed,
    })?;
    let numeric_version = numeric_version.parse().map_err(|_| Outcome::FileNotFound)?;
    let found = call.tx.published_downloadable(license.product_id, numeric_version)?;
    found.ok_or_else(|| Outcome::FileNotFound.into())
}

fn shown(downloadable: &Downloadable, url: &str) -> Value {
    json!({
        "id": downloadable.id,
        "product_id": downloadable.product_id,
        "numeric_version": downloadable.numeric_version,
        "version": downloadable.version,
        "update_summary": downloadable.update_summary,
        "changelog": downloadable.changelog,
        "published": i64::from(downloadable.published),
        "release_date": downloadable.release_date.to_string(),
        "download_counter": downloadable.download_counter,
        "url": url,
    })
}
