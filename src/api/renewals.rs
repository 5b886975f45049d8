//! Renewing a license.

use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{LICENSE_KEY, OF_PRODUCT};
use crate::api::record::{Audience, Record, answer};
use crate::api::sent::Form;
use crate::api::shape::Shape;
use crate::domain::{License, MAX_LICENSE_NUMBER, Outcome, Renewal, RenewalError, Timestamp};
use crate::operations::OperationError;
use crate::wire::reply::{Error, Reply, Result};

const DAYS: Field<i64> = Field::number("days", 1, MAX_LICENSE_NUMBER, "365")
    .says("This many days more, from the expiry, or from now if that is later.");
const UNTIL: Field<Timestamp> = Field::end("until", "2028-06-30").says(
    "Instead of `days`: when the license may expire at the earliest. A date alone is the end of that day, UTC.",
);

/// `POST /renew-license-key` (API §5.12).
pub const RENEW: Endpoint = Record::new(Audience::Shop, "Renews a license")
    .says(
        "Needs `days` or `until`. The validity becomes whole days, rounded up. A license that is not assigned yet \
         takes `days` only; its expiry is `null`. One that never expires can't be renewed.",
    )
    .takes(&[&LICENSE_KEY, &OF_PRODUCT, &DAYS, &UNTIL])
    .answers(&[
        answer(
            Outcome::LicenseRenewed,
            &[
                ("old_expires_at", Shape::Nullable(&Shape::Text("2027-06-30 10:00:00"))),
                ("expires_at", Shape::Nullable(&Shape::Text("2028-06-29 10:00:00"))),
                ("old_validity", Shape::Number(365)),
                ("validity", Shape::Number(730)),
            ],
        ),
        answer(
            Outcome::RenewIncorrectData,
            &[("errors", Shape::Errors(&[("days", "The days field must be an integer.")]))],
        ),
    ])
    .refuses(&[Outcome::InvalidLicenseKey])
    .run(renew);

fn renew(call: &mut Call<'_>) -> Result {
    let license = call.any_license()?;
    let renewal = renewal(call)?;
    let renewed = call.operation().renew(&license, renewal).map_err(|error| match error {
        OperationError::Refused(reason) => refusal(call, renewal, reason),
        OperationError::Failed(error) => error.into(),
    })?;
    Ok(Reply::from(Outcome::LicenseRenewed)
        .with("old_expires_at", expires_at(&license))
        .with("expires_at", expires_at(&renewed))
        .with("old_validity", license.validity)
        .with("validity", renewed.validity))
}

/// Reads the one field of `days` and `until` that is there.
fn renewal(call: &Call<'_>) -> Result<Renewal> {
    let mut form = Form::new(call.sent);
    match (form.read(DAYS), form.read(UNTIL)) {
        (Some(days), None) if form.is_good() => return Ok(Renewal::Days(days)),
        (None, Some(end)) if form.is_good() => return Ok(Renewal::Until(end)),
        (Some(_), Some(_)) => form.errors.add(UNTIL.name(), "The until field can't be sent with days."),
        _ if form.is_good() => form.errors.required_when(DAYS.name(), "until is not present"),
        _ => {}
    }
    Err(form.refused(Outcome::RenewIncorrectData))
}

fn refusal(call: &Call<'_>, renewal: Renewal, reason: RenewalError) -> Error {
    let mut form = Form::new(call.sent);
    let name = if matches!(renewal, Renewal::Until(_)) { UNTIL.name() } else { DAYS.name() };
    form.errors.add(name, format!("The license can't be renewed: {reason}."));
    form.refused(Outcome::RenewIncorrectData)
}

fn expires_at(license: &License) -> Option<String> {
    license.expires_at().map(|moment| moment.to_string())
}
