//! Activations: verifying, activating and deactivating a license on an identifier.

use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{IDENTIFIER, LICENSE_KEY, OF_PRODUCT};
use crate::api::record::{Audience, LICENSE_GATE, LICENSE_GATE_TO_ACTIVATE, Record, plain};
use crate::domain::{Identifier, License, MAX_URL, NewActivation, Outcome};
use crate::operations::gate::Seat;
use crate::wire::reply::{Reply, Result};

pub const POST_URL: Field<String> = Field::text("post_url", MAX_URL, "https://example.com/deactivated").says(
    "Receives a signed message when the activation is ended by somebody else than its own \
         client.",
);

/// `POST /verify` (API §4.1).
pub const VERIFY: Endpoint =
    Record::new(Audience::Product, "Verifies that a license key is valid and active on an identifier")
        .says("Changes nothing. Activate once, then verify from time to time.")
        .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT])
        .answers(&[plain(Outcome::LicenseValid)])
        .refuses(LICENSE_GATE)
        .run(verify);

fn verify(call: &mut Call<'_>) -> Result {
    call.gate().usable()?;
    Ok(Outcome::LicenseValid.into())
}

/// `POST /activate` (API §4.2).
pub const ACTIVATE: Endpoint = Record::new(Audience::Product, "Activates a license on an identifier")
    .says(
        "An identifier that is active already takes no second seat: the answer is 301, even if no \
         seat is free.",
    )
    .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT, &POST_URL])
    .answers(&[
        plain(Outcome::LicenseActivated),
        plain(Outcome::LicenseAlreadyActive),
        plain(Outcome::ActivationLimitReached),
    ])
    .refuses(LICENSE_GATE_TO_ACTIVATE)
    .run(activate);

fn activate(call: &mut Call<'_>) -> Result {
    let (license, identifier) = call.gate().activatable()?;
    take_seat(call, &license, &identifier)
}

/// `POST /deactivate` (API §4.3).
pub const DEACTIVATE: Endpoint = Record::new(Audience::Product, "Deactivates a license on an identifier")
    .says(
        "The `code` of its success is text, the only one: `\"400\"`. An expired license can be \
         deactivated too.",
    )
    .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT])
    .answers(&[plain(Outcome::LicenseDeactivated), plain(Outcome::LicenseAlreadyInactive)])
    .refuses(&[
        Outcome::InvalidLicenseKey,
        Outcome::ProductNotActive,
        Outcome::IdentifierRequired,
        Outcome::LicenseBlocked,
        Outcome::LicenseNotAssigned,
    ])
    .run(deactivate);

fn deactivate(call: &mut Call<'_>) -> Result {
    let (license, identifier) = call.gate().deactivatable()?;
    call.tx.remove_activation(license.id, identifier.as_str())?;
    Ok(Outcome::LicenseDeactivated.into())
}

/// Activates the license on the identifier: the last step of every activation.
pub(super) fn take_seat(call: &mut Call<'_>, license: &License, identifier: &Identifier) -> Result {
    let post_url = call.get(POST_URL)?;
    let post_url = post_url.as_deref();
    if call.gate().seat(license, identifier)? == Seat::Taken {
        if let Some(post_url) = post_url {
            call.tx.set_post_url(license.id, identifier, post_url)?;
        }
        return Ok(Outcome::LicenseAlreadyActive.into());
    }
    let address = Some(call.context.address);
    call.tx
        .add_activation(&NewActivation { license_id: license.id, identifier, address, post_url }, call.now)?;
    Ok(Reply::from(Outcome::LicenseActivated))
}
