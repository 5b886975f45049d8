//! Metadata on licenses.

use crate::call::Call;
use crate::outcome::Outcome;
use crate::reply::{Reply, Result};

/// `POST /create-license-key-meta` (contract §4.15): `license_key`, `identifier`, `key` (at most 255 bytes), `value` (at most 64 KiB).
/// Answers the new entry's `meta_id`.
pub fn create(call: &mut Call<'_>) -> Result {
    let license = call.usable_license()?;
    let key = call.meta_key(Outcome::LicenseMetaKeyRequired)?;
    let value = call.meta_value(Outcome::LicenseMetaValueRequired)?;
    let meta_id =
        call.tx.add_license_meta(license.id, &key, &value, call.now)?.ok_or(Outcome::LicenseMetaKeyExists)?;
    Ok(Reply::from(Outcome::LicenseMetaCreated).with("meta_id", meta_id))
}
