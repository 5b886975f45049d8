//! Parses the fields of a license from the options of commands.

use crate::cli::Result;
use crate::domain::{Identifier, LicenseKey, parse_owner};

/// The name or the address of an owner, from an option; empty if the option is blank.
pub fn owner(option: &str, text: Option<&str>) -> Result<Option<String>> {
    Ok(text.map(parse_owner).transpose().map_err(|error| format!("{option}: {error}"))?)
}

/// Like [`owner`] for a new owner: a blank option is none.
pub fn new_owner(option: &str, text: Option<&str>) -> Result<Option<String>> {
    Ok(owner(option, text)?.filter(|text| !text.is_empty()))
}

pub fn license_key(text: &str) -> Result<LicenseKey> {
    Ok(LicenseKey::parse(text).map_err(|error| format!("this is not a license key: {error}"))?)
}

pub fn identifier(text: &str) -> Result<Identifier> {
    Ok(Identifier::parse(text).map_err(|error| format!("this is not an identifier: {error}"))?)
}

pub fn new_license_key(text: &str) -> Result<LicenseKey> {
    Ok(LicenseKey::parse_new(text).map_err(|error| format!("this can't be a license key: {error}"))?)
}
