//! Giving a license key, one that is named, to its owner.

use super::activations::take_seat;
use crate::api::call::Call;
use crate::domain::{MAX_OWNER, Outcome};
use crate::wire::reply::Result;

/// `POST /assign-license-key` (API §4.6): `license_key`, and optionally `owner_name` and `email`. Takes
/// an available or a reserved key.
pub fn assign(call: &mut Call<'_>) -> Result {
    let license = call.license(Outcome::LicenseNotAssignable)?;
    if !license.is_assignable() {
        return Err(Outcome::LicenseNotAssignable.into());
    }
    assign_to_owner(call, license.id)?;
    Ok(Outcome::LicenseAssigned.into())
}

/// `POST /assign-and-activate-license-key` (API §4.7): `license_key`, `identifier`, `owner_email`, and
/// optionally `owner_name` and `post_url`. Both or neither: a refused activation leaves nothing assigned. Its
/// owner may repeat it.
pub fn assign_and_activate(call: &mut Call<'_>) -> Result {
    let (mut license, _, identifier) = call.license_and_identifier()?;
    if license.is_assignable() {
        assign_to_owner(call, license.id)?;
        license = call.license(Outcome::InvalidLicenseKey)?;
    } else {
        license.check_assigned()?;
        let email = call.text("owner_email", MAX_OWNER)?;
        email.filter(|email| license.is_owned_by(email)).ok_or(Outcome::LicenseNotAssignable)?;
    }
    license.check_not_expired(call.now)?;
    take_seat(call, &license, &identifier)
}

fn assign_to_owner(call: &Call<'_>, license_id: i64) -> Result<()> {
    let Owner { name, email } = Owner::of(call)?;
    Ok(call.tx.assign_license(license_id, name.as_deref(), email.as_deref(), call.now)?)
}

/// Whose a license becomes.
pub(super) struct Owner {
    pub name: Option<String>,
    pub email: Option<String>,
}

impl Owner {
    pub fn of(call: &Call<'_>) -> Result<Self> {
        Ok(Self { name: call.text("owner_name", MAX_OWNER)?, email: call.text("owner_email", MAX_OWNER)? })
    }
}
