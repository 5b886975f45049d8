//! Assigning a named license key to an owner.

use super::activations::POST_URL;
use super::activations::take_seat;
use super::license_ends;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::fields::{IDENTIFIER, LICENSE_KEY, OF_PRODUCT, OWNER_EMAIL, OWNER_NAME};
use crate::api::record::{Audience, Record, plain};
use crate::domain::{License, Outcome};
use crate::wire::reply::Result;

/// `POST /assign-license-key` (API §4.6).
pub const ASSIGN: Endpoint =
    Record::new(Audience::Shop, "Assigns an available or reserved license key to an owner")
        .takes(&[
            &LICENSE_KEY,
            &OWNER_NAME,
            // The original calls it `email` here, which is one of its aliases.
            &OWNER_EMAIL,
        ])
        .answers(&[plain(Outcome::LicenseAssigned), plain(Outcome::LicenseNotAssignable)])
        .run(assign);

fn assign(call: &mut Call<'_>) -> Result {
    license_ends::refuse_end(call)?;
    let license = call.license(Outcome::LicenseNotAssignable)?;
    if !license.is_assignable() {
        return Err(Outcome::LicenseNotAssignable.into());
    }
    assign_to_owner(call, &license)?;
    Ok(Outcome::LicenseAssigned.into())
}

/// `POST /assign-and-activate-license-key` (API §4.7).
pub const ASSIGN_AND_ACTIVATE: Endpoint =
    Record::new(Audience::Shop, "Assigns a license key and activates it, or does neither")
        .says("The owner may repeat the request.")
        .takes(&[
            &LICENSE_KEY,
            &IDENTIFIER,
            &OF_PRODUCT,
            &OWNER_EMAIL
                .says("The owner's email address. An owner who repeats the request is recognised by it."),
            &OWNER_NAME,
            &POST_URL,
        ])
        .answers(&[
            plain(Outcome::LicenseActivated),
            plain(Outcome::LicenseAlreadyActive),
            plain(Outcome::ActivationLimitReached),
            plain(Outcome::LicenseNotAssignable),
        ])
        .refuses(&[
            Outcome::InvalidLicenseKey,
            Outcome::ProductNotActive,
            Outcome::IdentifierRequired,
            Outcome::LicenseBlocked,
            Outcome::LicenseExpired,
        ])
        .run(assign_and_activate);

/// A refused activation rolls back the assignment. The owner may repeat the request.
fn assign_and_activate(call: &mut Call<'_>) -> Result {
    license_ends::refuse_end(call)?;
    let (mut license, _, identifier) = call.gate().identified()?;
    if license.is_assignable() {
        license = assign_to_owner(call, &license)?;
    } else {
        license.check_not_blocked()?;
        let email = call.get(OWNER_EMAIL)?;
        email.filter(|email| license.is_owned_by(email)).ok_or(Outcome::LicenseNotAssignable)?;
    }
    license.check_not_expired(call.now)?;
    take_seat(call, &license, &identifier)
}

fn assign_to_owner(call: &Call<'_>, license: &License) -> Result<License> {
    let Owner { name, email } = Owner::of(call)?;
    Ok(call.operation().assign(license, name.as_deref(), email.as_deref())?)
}

/// The owner to whom a license is assigned.
pub(super) struct Owner {
    pub name: Option<String>,
    pub email: Option<String>,
}

impl Owner {
    pub fn of(call: &Call<'_>) -> Result<Self> {
        Ok(Self { name: call.get(OWNER_NAME)?, email: call.get(OWNER_EMAIL)? })
    }
}
