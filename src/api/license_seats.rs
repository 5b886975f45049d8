//! The activations of a license as its vendor sees them: listing them, and ending one.

use serde_json::{Value, json};

use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{IDENTIFIER, LICENSE_KEY, OF_PRODUCT, PAGE};
use crate::api::record::{Audience, Record, answer};
use crate::api::shape::{SEATS, Shape};
use crate::domain::{Activation, License, MAX_PAGE_ITEMS, Outcome, Page, Seats};
use crate::wire::reply::{Reply, Result};

const SEATS_PER_PAGE: Field<i64> =
    Field::number("items_per_page", 1, MAX_PAGE_ITEMS, "1000").says("1000 by default, which is the most.");

/// `GET /get-license-key-activations` (API §5.10).
pub const LIST: Endpoint = Record::new(Audience::Shop, "Lists the activations of a license, oldest first")
    .says(
        "`count` is the number of all its activations. `last_seen_at` and `last_address` are written up to an \
         hour late. Needs no activation, and answers for blocked, unassigned and expired licenses too.",
    )
    .takes(&[&LICENSE_KEY, &OF_PRODUCT, &PAGE, &SEATS_PER_PAGE])
    .answers(&[answer(Outcome::LicenseActivations, &SEATS)])
    .refuses(&[Outcome::InvalidLicenseKey])
    .run(list);

fn list(call: &mut Call<'_>) -> Result {
    let license = call.any_license()?;
    let number = call.get(PAGE)?.unwrap_or(1);
    let limit = call.get(SEATS_PER_PAGE)?.unwrap_or(MAX_PAGE_ITEMS);
    let page = Page { offset: (number - 1).saturating_mul(limit), limit };
    with_seats(call, Outcome::LicenseActivations.into(), &license, page)
}

/// `POST /release-activation` (API §5.11).
pub const RELEASE: Endpoint = Record::new(Audience::Shop, "Ends an activation of a license for its customer")
    .says(
        "For a device that is lost: its client can't deactivate. Its `post_url` receives a message. The answer \
         lists the activations that are left, or those that there are.",
    )
    .takes(&[&LICENSE_KEY, &IDENTIFIER, &OF_PRODUCT])
    .answers(&[
        answer(
            Outcome::ActivationReleased,
            &[("identifier", Shape::Text("domain.ltd")), SEATS[0], SEATS[1], SEATS[2]],
        ),
        answer(Outcome::NoSuchActivation, &SEATS),
    ])
    .refuses(&[Outcome::InvalidLicenseKey, Outcome::IdentifierRequired])
    .run(release);

fn release(call: &mut Call<'_>) -> Result {
    let license = call.any_license()?;
    let identifier = call.require(IDENTIFIER, Outcome::IdentifierRequired)?;
    let released = call.operation().release(&license, &Seats::On(identifier))?;
    match released.into_iter().next() {
        Some(identifier) => {
            let reply = Reply::from(Outcome::ActivationReleased).with("identifier", identifier);
            with_seats(call, reply, &license, FIRST_PAGE)
        }
        None => Err(with_seats(call, Outcome::NoSuchActivation.into(), &license, FIRST_PAGE)?.into()),
    }
}

const FIRST_PAGE: Page = Page { offset: 0, limit: MAX_PAGE_ITEMS };

/// Adds the fields of [`SEATS`].
fn with_seats(call: &Call<'_>, reply: Reply, license: &License, page: Page) -> Result {
    Ok(reply
        .with("activation_limit", license.activation_limit)
        .with("count", call.tx.count_activations(license.id)?)
        .with_list("activations", call.tx.activations(license.id, page)?, value))
}

fn value(activation: &Activation) -> Value {
    json!({
        "identifier": activation.identifier,
        "activated_at": activation.activated_at.to_string(),
        "address": activation.address,
        "last_seen_at": activation.last_seen_at.map(|moment| moment.to_string()),
        "last_address": activation.last_address,
        "post_url": activation.post_url,
    })
}
