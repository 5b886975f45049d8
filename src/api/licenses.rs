//! Licenses: creating, changing, deleting, listing and counting them.

use serde_json::{Value, json};

use super::license_ends::EXPIRES_AT;
use super::license_fields::{
    self, ACTIVATION_LIMIT, ASSIGNED_AT, CHANGED_STATUS, INCORRECT, LICENSE_KEYS, LICENSES, STATUS, VALIDITY,
};
use super::license_orders;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{GENERATOR_ID, LICENSE_KEY, OWNER_EMAIL, OWNER_NAME, PAGE, PRODUCT_ID};
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::shape::{self, CREATED_AT, LICENSE_STATUS, OWNED_BY, Shape, UPDATED_AT};
use crate::domain::{License, LicenseFilter, MAX_PAGE_ITEMS, Outcome, Page};
use crate::wire::reply::{Reply, Result};

/// `POST /create-license-keys` (API §4.10).
pub const CREATE: Endpoint = Record::new(Audience::Vendor, "Adds license keys")
    .says(
        "Keys that exist already are skipped and counted as `duplicate`. Instead of \
         `license_keys`, a request can have `licenses`: orders for keys that generators make, all \
         or none; the answer has the keys.",
    )
    .takes(&[
        &LICENSE_KEYS,
        &PRODUCT_ID,
        &ACTIVATION_LIMIT,
        &VALIDITY,
        &STATUS,
        &OWNER_NAME,
        &OWNER_EMAIL,
        &ASSIGNED_AT,
        &EXPIRES_AT,
        &GENERATOR_ID
            .optional()
            .says("Of `licenses`, where an element has neither a generator nor a product."),
        &LICENSES,
    ])
    .answers(&[
        answer(
            Outcome::LicenseKeysCreated,
            &[
                ("created", Shape::Number(2)),
                ("duplicate", Shape::Number(0)),
                ("license_keys", Shape::Sometimes(&shape::LICENSE_KEYS)),
            ],
        ),
        answer(Outcome::CreateLicenseIncorrectData, INCORRECT),
        plain(Outcome::NoLicenseKeysCreated),
    ])
    .run(create);

fn create(call: &mut Call<'_>) -> Result {
    if call.sent.has(&LICENSES) && !call.sent.has(&LICENSE_KEYS) {
        return license_orders::carry_out(call);
    }
    let licenses = license_fields::new_licenses(call)?;
    let created = call.tx.add_licenses(&licenses, call.now)?.into_iter().flatten().count();
    if created == 0 {
        return Err(Outcome::NoLicenseKeysCreated.into());
    }
    let duplicate = licenses.len() - created;
    Ok(Reply::from(Outcome::LicenseKeysCreated).with("created", created).with("duplicate", duplicate))
}

/// `POST /update-license-key` (API §4.11).
pub const UPDATE: Endpoint = Record::new(Audience::Vendor, "Changes a license")
    .says(
        "Fields that aren't sent keep their values. A blank owner removes the owner. When the \
         license becomes blocked, the `post_url`s of its activations receive a message. When it becomes \
         `available` or `reserved`, its ownership ends: its activations end, and their `post_url`s \
         receive a message. Its metadata, owner and date are removed, whatever else is sent.",
    )
    .takes(&[
        &LICENSE_KEY,
        &PRODUCT_ID.optional(),
        &OWNER_NAME,
        &OWNER_EMAIL,
        &ACTIVATION_LIMIT.optional(),
        &VALIDITY.optional(),
        &CHANGED_STATUS,
        &ASSIGNED_AT,
        &EXPIRES_AT,
    ])
    .answers(&[
        plain(Outcome::LicenseUpdated),
        answer(
            Outcome::UpdateLicenseIncorrectData,
            &[("errors", Shape::Errors(&[("license_key", "The license key field is required.")]))],
        ),
        plain(Outcome::UpdateLicenseNotFound),
    ])
    .run(update);

fn update(call: &mut Call<'_>) -> Result {
    let sent = license_fields::change(call)?;
    let before = call.tx.license_by_key(&sent.license_key)?.ok_or(Outcome::UpdateLicenseNotFound)?;
    let change = sent.of(&before, call.now)?;
    let license = call.operation().change(&before, change)?.license;
    call.sign_for_product(license.product_id)?;
    Ok(Outcome::LicenseUpdated.into())
}

/// `POST /delete-license-key` (API §4.12).
pub const DELETE: Endpoint =
    Record::new(Audience::Vendor, "Deletes a license with its activations and metadata")
        .says("The `post_url`s of its activations receive a message.")
        .takes(&[&LICENSE_KEY])
        .answers(&[plain(Outcome::LicenseDeleted), plain(Outcome::DeleteLicenseNotFound)])
        .run(delete);

fn delete(call: &mut Call<'_>) -> Result {
    let license = call.license(Outcome::DeleteLicenseNotFound)?;
    call.operation().delete(&license)?;
    call.sign_for_product(license.product_id)?;
    Ok(Outcome::LicenseDeleted.into())
}

const ITEMS_PER_PAGE: Field<i64> =
    Field::number("items_per_page", 1, MAX_PAGE_ITEMS, "10").says("10 by default, and at most 1000.");

/// `GET /get-license-keys` (API §4.13).
pub const LIST: Endpoint = Record::new(Audience::Vendor, "Lists licenses by id")
    .says("All filters must match.")
    .takes(&[
        &PRODUCT_ID.optional(),
        &CHANGED_STATUS,
        &OWNER_NAME.says("Only licenses of this owner."),
        &OWNER_EMAIL.says("Only licenses of this owner."),
        &PAGE,
        &ITEMS_PER_PAGE,
    ])
    .answers(&[answer(Outcome::LicenseKeys, &[("license_keys", Shape::List(&ROW))])])
    .run(list);

fn list(call: &mut Call<'_>) -> Result {
    let (page, items) = (call.sent.text(&PAGE), call.sent.text(&ITEMS_PER_PAGE));
    let licenses = match filter(call)? {
        Some(filter) => call.tx.licenses_page(&filter, Page::new(page.as_deref(), items.as_deref()))?,
        None => Vec::new(),
    };
    Ok(Reply::from(Outcome::LicenseKeys).with_list("license_keys", licenses, value))
}

/// `GET /get-available-license-keys-count` (API §4.14).
pub const COUNT_AVAILABLE: Endpoint =
    Record::new(Audience::Vendor, "Counts the license keys that can be assigned at random")
        .takes(&[&PRODUCT_ID])
        .answers(&[
            answer(Outcome::AvailableLicenseKeysCount, &[("count", Shape::Number(42))]),
            plain(Outcome::CountProductNotFound),
        ])
        .run(count_available);

fn count_available(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::CountProductNotFound)?;
    let count = call.tx.count_licenses_in_pool(product.id)?;
    Ok(Reply::from(Outcome::AvailableLicenseKeysCount).with("count", count))
}

/// Reads the filter of a list. `None`: no license can match it.
fn filter(call: &Call<'_>) -> Result<Option<LicenseFilter>> {
    let mut filter = LicenseFilter {
        owner_name: call.sent.trimmed(&OWNER_NAME),
        owner_email: call.sent.trimmed(&OWNER_EMAIL),
        ..LicenseFilter::default()
    };
    if let Some(reference) = call.get(PRODUCT_ID)? {
        let Some(product) = call.tx.product_by_reference(&reference)? else { return Ok(None) };
        filter.product_id = Some(product.id);
    }
    match call.sent.read(CHANGED_STATUS) {
        Ok(status) => filter.status = status,
        Err(_) => return Ok(None),
    }
    Ok(Some(filter))
}

const ROW: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("product_id", Shape::Number(1)),
    ("license_key", Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222")),
    OWNED_BY[0],
    OWNED_BY[1],
    ("activation_limit", Shape::Number(0)),
    ("validity", Shape::Number(365)),
    shape::ASSIGNED_AT,
    LICENSE_STATUS,
    CREATED_AT,
    UPDATED_AT,
]);

/// A license as lists show it, with the members of the API in its order.
fn value(license: &License) -> Value {
    json!({
        "id": license.id,
        "product_id": license.product_id,
        "license_key": license.license_key,
        "owner_name": license.owner_name,
        "owner_email": license.owner_email,
        "activation_limit": license.activation_limit,
        "validity": license.validity,
        "assigned_at": license.assigned_at.map(|moment| moment.to_string()),
        "status": license.status.as_str(),
        "created_at": license.created_at.to_iso(),
        "updated_at": license.updated_at.to_iso(),
    })
}
