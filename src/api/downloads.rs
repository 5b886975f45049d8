//! Downloads: the versions of a product that a license may fetch.

use serde_json::{Value, json};

use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{IDENTIFIER, LICENSE_KEY, OF_PRODUCT};
use crate::api::record::{Audience, LICENSE_GATE, Record, answer, plain};
use crate::api::shape::Shape;
use crate::domain::{Downloadable, Identifier, MAX_NAME, Outcome, download_url};
use crate::wire::reply::{Error, Reply, Result};

// A body has at most 1 MiB.
const VERSION: Field<String> = Field::text("version", 1024 * 1024, "1.0.2").says("Only this version.");

/// `POST /access-downloadables` (API §4.5).
pub const LIST: Endpoint = Record::new(
    Audience::Product,
    "Lists the published versions of a license's product, the newest first, with download \
     links",
)
.says(
    "An expired license may list and download too, unless its product has \
     `require_non_expired`.",
)
.takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT, &VERSION])
.answers(&[answer(Outcome::Downloads, &[("downloadables", Shape::List(&ITEM))])])
.refuses(LICENSE_GATE)
.run(list);

fn list(call: &mut Call<'_>) -> Result {
    let (license, identifier) = call.gate().usable_for_downloads()?;
    let version = call.sent.text(&VERSION);
    let api_key = call.context.api_key.ok_or(Outcome::InvalidApiKey)?;
    let public_url = call.context.public_url.public_url();
    let link =
        |version| download_url(&public_url, api_key, &license.license_key, identifier.as_str(), version);
    let found = call.tx.published_downloadables(license.product_id, version.as_deref().map(str::trim))?;
    let shown = found.iter().map(|downloadable| shown(downloadable, &link(downloadable.numeric_version)));
    Ok(Reply::from(Outcome::Downloads).with("downloadables", shown.collect::<Value>()))
}

const API_KEY: Field<String> =
    Field::text("api_key", MAX_NAME, "2964c3c9-0b5d-4d89-b3ac-4668f30bc492").required();
const ENCODED_IDENTIFIER: Field<Identifier> = Field::identifier("identifier", "ZG9tYWluLmx0ZA==")
    .says("In base64, standard or URL-safe, padded or not.")
    .required();
const NUMERIC_VERSION: Field<i64> = Field::number("numeric_version", 0, i64::MAX, "102").required();

/// The links of `/access-downloadables` (API §5.1): the fields are segments of the path, and the answer is a file.
pub const LINK: Record =
    Record::new(Audience::Product, "Downloads a file by a link of `access-downloadables`")
        .says(
            "Range requests are supported. Every refusal of the license is 701. The link contains an \
             API key: keep it out of logs.",
        )
        .takes(&[&API_KEY, &LICENSE_KEY, &ENCODED_IDENTIFIER, &NUMERIC_VERSION])
        .answers(&[plain(Outcome::FileNotFound), plain(Outcome::DownloadNotPermitted)]);

/// Finds the version that a link names (API §5.1). Every refusal of the license is 701.
pub fn requested(call: &mut Call<'_>, numeric_version: &str) -> Result<Downloadable> {
    let (license, _) = call.gate().usable_for_downloads().map_err(|error| match error {
        Error::Refused(_) => Outcome::DownloadNotPermitted.into(),
        failed @ Error::Failed(_) => failed,
    })?;
    let numeric_version = numeric_version.parse().map_err(|_| Outcome::FileNotFound)?;
    let found = call.tx.published_downloadable(license.product_id, numeric_version)?;
    found.ok_or_else(|| Outcome::FileNotFound.into())
}

const ITEM: Shape = Shape::Object(&[
    ("id", Shape::Number(2)),
    ("product_id", Shape::Number(1)),
    ("numeric_version", Shape::Number(102)),
    ("version", Shape::Text("1.0.2")),
    ("update_summary", Shape::Text("Bugfixes")),
    ("changelog", Shape::Text("Starts twice as fast")),
    ("published", Shape::Flag),
    ("release_date", Shape::Text("2026-02-27 00:00:00")),
    ("download_counter", Shape::Number(0)),
    (
        "url",
        Shape::Text(
            "https://licenses.example.com/api/v1/download/2964c3c9-0b5d-4d89-b3ac-4668f30bc492/\
             3a343c8a-38fe-4b6e-ad77-2222222/ZG9tYWluLmx0ZA%3D%3D/102",
        ),
    ),
]);

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
