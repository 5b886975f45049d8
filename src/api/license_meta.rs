//! The endpoints for metadata on licenses.

use super::meta;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::fields::{IDENTIFIER, LICENSE_KEY, META_KEY, META_VALUE, OF_PRODUCT};
use crate::api::record::{Audience, LICENSE_GATE, Record, answer, plain};
use crate::api::shape::Shape;
use crate::domain::Outcome;
use crate::wire::reply::{Reply, Result};

const META_ID: (&str, Shape) = ("meta_id", Shape::Number(1));

/// The limits of `meta::check_size`.
const LIMITS: &str = "A license has at most 1,000 entries, and at most 1 MiB of keys and values, which take at \
                      most 3 MiB as an answer has them. More is refused with 1913, where `field` is `key` or \
                      `value`.";

/// `POST /create-license-key-meta` (API §4.15).
pub const CREATE: Endpoint = Record::new(Audience::Product, "Adds a metadata entry to a license")
    .says(LIMITS)
    .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT, &META_KEY, &META_VALUE])
    .answers(&[
        answer(Outcome::LicenseMetaCreated, &[META_ID]),
        plain(Outcome::LicenseMetaKeyRequired),
        plain(Outcome::LicenseMetaValueRequired),
        plain(Outcome::LicenseMetaKeyExists),
    ])
    .refuses(LICENSE_GATE)
    .run(create);

fn create(call: &mut Call<'_>) -> Result {
    let (license, _) = call.gate().usable()?;
    let key = call.require(META_KEY, Outcome::LicenseMetaKeyRequired)?;
    let value = call.require(META_VALUE, Outcome::LicenseMetaValueRequired)?;
    let meta_id =
        call.tx.add_license_meta(license.id, &key, &value, call.now)?.ok_or(Outcome::LicenseMetaKeyExists)?;
    meta::check_size(call.tx.license_meta_size(license.id)?, || call.tx.license_meta(license.id))?;
    Ok(Reply::from(Outcome::LicenseMetaCreated).with("meta_id", meta_id))
}

/// `POST /update-license-key-meta` (API §4.16).
pub const UPDATE: Endpoint = Record::new(Audience::Product, "Changes a metadata entry of a license")
    .says(LIMITS)
    .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT, &META_KEY, &META_VALUE])
    .answers(&[
        answer(Outcome::LicenseMetaUpdated, &[META_ID]),
        plain(Outcome::UpdateLicenseMetaKeyRequired),
        plain(Outcome::UpdateLicenseMetaValueRequired),
        plain(Outcome::UpdateLicenseMetaKeyMissing),
    ])
    .refuses(LICENSE_GATE)
    .run(update);

fn update(call: &mut Call<'_>) -> Result {
    let (license, _) = call.gate().usable()?;
    let key = call.require(META_KEY, Outcome::UpdateLicenseMetaKeyRequired)?;
    let value = call.require(META_VALUE, Outcome::UpdateLicenseMetaValueRequired)?;
    let meta_id = call
        .tx
        .set_license_meta(license.id, &key, &value, call.now)?
        .ok_or(Outcome::UpdateLicenseMetaKeyMissing)?;
    meta::check_size(call.tx.license_meta_size(license.id)?, || call.tx.license_meta(license.id))?;
    Ok(Reply::from(Outcome::LicenseMetaUpdated).with("meta_id", meta_id))
}

/// `POST /delete-license-key-meta` (API §4.17).
pub const DELETE: Endpoint = Record::new(Audience::Product, "Deletes a metadata entry of a license")
    .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT, &META_KEY])
    .answers(&[
        plain(Outcome::LicenseMetaDeleted),
        plain(Outcome::DeleteLicenseMetaKeyRequired),
        plain(Outcome::DeleteLicenseMetaKeyMissing),
    ])
    .refuses(LICENSE_GATE)
    .run(delete);

fn delete(call: &mut Call<'_>) -> Result {
    let (license, _) = call.gate().usable()?;
    let key = call.require(META_KEY, Outcome::DeleteLicenseMetaKeyRequired)?;
    if !call.tx.delete_license_meta(license.id, &key)? {
        return Err(Outcome::DeleteLicenseMetaKeyMissing.into());
    }
    Ok(Outcome::LicenseMetaDeleted.into())
}
