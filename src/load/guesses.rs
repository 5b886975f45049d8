//! Limits the guessing of license keys: after some wrong keys, an address must wait before another is checked.
//!
//! Valid requests must not suffer from a guesser behind the same address, and a guesser must not be able to tell a
//! right key from a wrong one:
//!
//! - A request whose license is active on its identifier is always served, and counts as no guess.
//! - Once an address has sent wrong keys, any other request with a license key reserves one guess before the endpoint
//!   runs. When no guess is left, right and wrong keys are refused alike.
//! - The guess for a right key is refunded, so right keys use up no guesses, however many there are.
//! - Unknown API keys use up guesses too. Known ones are served at once: they have too many bits to be guessed.
//! - An API key that may list all license keys has no reason to guess, and uses up no guesses.

use crate::domain::{Identifier, LicenseKey, Outcome};
use crate::store::{Error, Tx};
use crate::wire::params::Params;

/// The result of looking up a request's license key and its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No license has this key.
    Unknown,
    /// A license has this key. It may or may not be active on the identifier.
    Known,
    /// The license with this key is active on the identifier.
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

/// Whether a refusal means that the license key is wrong. 202, a license that isn't active on an identifier, doesn't:
/// its key is right, and customers do move their products. 1940 is a refusal only for a wrong key.
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
            | Outcome::LicenseExplained
    )
}
