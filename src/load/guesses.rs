//! Guessing at keys: after some wrong keys an address must wait before it learns of another.
//!
//! A valid request must not suffer from who shares its address, and a guess that hits must not be told from one that
//! misses. So a license key with an identifier that it is active on is served as ever, because that is no guess.
//! Anything else that names a license key reserves one guess before it is looked at, once the address has sent wrong
//! keys: where none is left, right and wrong keys are refused alike. A right key is refunded, so right keys use up
//! nothing, however many come. An API key that may list all license keys has nothing to guess and never pays. An
//! unknown API key pays too; a known one is served at once, because it has too many bits to be guessed.

use crate::domain::{Identifier, LicenseKey, Outcome};
use crate::store::{Error, Tx};
use crate::wire::params::Params;

/// How a request's license key stands to the identifier that came with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No license has this key.
    Unknown,
    /// A license has it, and may or may not be active on the identifier.
    Known,
    /// Its license is active on the identifier.
    Active,
}

/// Looks up the license key of a request. Without `looks_at_activations`, an active license counts as known.
pub fn standing(
    tx: &Tx<'_>,
    license_key: &str,
    params: &Params,
    looks_at_activations: bool,
) -> Result<Standing, Error> {
    let Ok(license_key) = LicenseKey::parse(license_key) else { return Ok(Standing::Unknown) };
    let Some(license) = tx.license_by_key(&license_key)? else { return Ok(Standing::Unknown) };
    if !looks_at_activations {
        return Ok(Standing::Known);
    }
    let identifier = params.text("identifier").and_then(|text| Identifier::parse(&text).ok());
    let is_active = identifier.map_or(Ok(false), |identifier| tx.is_activated(license.id, &identifier))?;
    Ok(if is_active { Standing::Active } else { Standing::Known })
}

/// Whether a refusal tells that a key is wrong. 202, a license that isn't active on an identifier, doesn't: its key was
/// right, and customers do move their products.
pub fn is_wrong_key(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::InvalidApiKey
            | Outcome::InactiveApiKey
            | Outcome::InvalidLicenseKey
            | Outcome::DownloadNotPermitted
            | Outcome::LicenseNotAssignable
            | Outcome::DeleteLicenseNotFound
            | Outcome::UpdateLicenseNotFound
            | Outcome::ContractLicenseNotFound
            | Outcome::OwnContractNotFound
    )
}
