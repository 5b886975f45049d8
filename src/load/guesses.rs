//! Guessing at keys: after some wrong keys an address must wait before it learns of another.
//!
//! Valid requests must not suffer from a guesser behind the same address, and a guesser must not be able to tell a hit
//! from a miss:
//!
//! - A license key with an identifier that it is active on is always served: that is no guess.
//! - Once an address has sent wrong keys, any other request that names a license key reserves one guess before the
//!   endpoint runs. When none is left, right and wrong keys are refused alike.
//! - A right key gets its guess refunded, so any number of right keys uses up nothing.
//! - Unknown API keys use up guesses too. Known ones are served at once: they have too many bits to be guessed.
//! - An API key that may list all license keys has no reason to guess, and never pays.

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
