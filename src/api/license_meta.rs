//! Metadata on licenses.

use super::meta;
use crate::api::call::Call;
use crate::domain::Outcome;
use crate::wire::reply::{Reply, Result};

/// `POST /create-license-key-meta` (API §4.15): `license_key`, `identifier`, `key` (at most 255 bytes),
/// `value` (at most 64 KiB). Answers the new entry's `meta_id`. A license has at most 1,000 entries, of 1 MiB
/// together.
pub fn create(call: &mut Call<'_>) -> Result {
    let license = call.usable_license()?;
    let key = call.meta_key(Outcome::LicenseMetaKeyRequired)?;
    let value = call.meta_value(Outcome::LicenseMetaValueRequired)?;
    let meta_id =
        call.tx.add_license_meta(license.id, &key, &value, call.now)?.ok_or(Outcome::LicenseMetaKeyExists)?;
    meta::check_size(call.tx.license_meta_size(license.id)?)?;
    Ok(Reply::from(Outcome::LicenseMetaCreated).with("meta_id", meta_id))
}

/// `POST /update-license-key-meta` (API §4.16): the same fields; the entry must be there. Answers its `meta_id`.
pub fn update(call: &mut Call<'_>) -> Result {
    let license = call.usable_license()?;
    let key = call.meta_key(Outcome::UpdateLicenseMetaKeyRequired)?;
    let value = call.meta_value(Outcome::UpdateLicenseMetaValueRequired)?;
    let meta_id = call
        .tx
        .set_license_meta(license.id, &key, &value, call.now)?
        .ok_or(Outcome::UpdateLicenseMetaKeyMissing)?;
    meta::check_size(call.tx.license_meta_size(license.id)?)?;
    Ok(Reply::from(Outcome::LicenseMetaUpdated).with("meta_id", meta_id))
}

/// `POST /delete-license-key-meta` (API §4.17): `license_key`, `identifier`, `key`.
pub fn delete(call: &mut Call<'_>) -> Result {
    let license = call.usable_license()?;
    let key = call.meta_key(Outcome::DeleteLicenseMetaKeyRequired)?;
    if !call.tx.delete_license_meta(license.id, &key)? {
        return Err(Outcome::DeleteLicenseMetaKeyMissing.into());
    }
    Ok(Outcome::LicenseMetaDeleted.into())
}
