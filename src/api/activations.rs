//! Activations: whether a license may be used on something, and taking and giving back its seats.

use crate::api::call::Call;
use crate::domain::{Identifier, License, NewActivation, Outcome, has_free_seat};
use crate::wire::reply::{Reply, Result};

/// The longest `post_url`, in bytes: what any server takes as a request line.
pub const MAX_POST_URL: usize = 2048;

/// `POST /verify` (API §4.1): `license_key`, `identifier`, and optionally the `product_id` that the key
/// must be for.
pub fn verify(call: &mut Call<'_>) -> Result {
    let license = call.license(Outcome::InvalidLicenseKey)?;
    if let Some(product) = call.params.text("product_id") {
        let named = call.tx.product_by_reference(product.trim())?.map(|product| product.id);
        // A number names a product also when it is gone: that is for the gate to say.
        let id = named.or_else(|| product.trim().parse().ok());
        // Another product's key is no key of this one: nothing is told of it.
        id.filter(|id| *id == license.product_id).ok_or(Outcome::InvalidLicenseKey)?;
    }
    call.usable_license()?;
    Ok(Outcome::LicenseValid.into())
}

/// `POST /activate` (API §4.2): `license_key`, `identifier`, and optionally `post_url`, which is told
/// when the activation ends otherwise than by its own client.
pub fn activate(call: &mut Call<'_>) -> Result {
    let (license, _, identifier) = call.license_and_identifier()?;
    license.check_usable(call.now)?;
    take_seat(call, &license, &identifier)
}

/// `POST /deactivate` (API §4.3): `license_key`, `identifier`. An expired license may still be deactivated.
pub fn deactivate(call: &mut Call<'_>) -> Result {
    let (license, _, identifier) = call.license_and_identifier()?;
    license.check_assigned()?;
    if !call.tx.remove_activation(license.id, &identifier)? {
        return Err(Outcome::LicenseAlreadyInactive.into());
    }
    Ok(Outcome::LicenseDeactivated.into())
}

/// The end of every way to activate: the same identifier again takes no second seat, and comes before the limit.
pub(super) fn take_seat(call: &Call<'_>, license: &License, identifier: &Identifier) -> Result {
    let post_url = call.text("post_url", MAX_POST_URL)?;
    let post_url = post_url.as_deref();
    if call.tx.is_activated(license.id, identifier)? {
        if let Some(post_url) = post_url {
            call.tx.set_post_url(license.id, identifier, post_url)?;
        }
        return Ok(Outcome::LicenseAlreadyActive.into());
    }
    // Counting costs as much as there are activations, so it is not done where there is no limit.
    let limit = license.activation_limit;
    if limit > 0 && !has_free_seat(limit, call.tx.count_activations(license.id)?) {
        return Err(Outcome::ActivationLimitReached.into());
    }
    let address = Some(call.context.address);
    call.tx
        .add_activation(&NewActivation { license_id: license.id, identifier, address, post_url }, call.now)?;
    Ok(Reply::from(Outcome::LicenseActivated))
}
