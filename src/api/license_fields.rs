//! The fields that make or change licenses.

use serde_json::Value;

use super::license_ends::{EXPIRES_AT, SentChange, add_end_error, refuse_ends, refuse_other_ends};
use crate::api::call::Call;
use crate::api::field::Field;
use crate::api::fields::{LICENSE_KEY, OWNER_EMAIL, OWNER_NAME, PRODUCT_ID};
use crate::api::sent::Form;
use crate::api::shape::{LICENSE_STATUSES, Shape};
use crate::domain::{
    LicenseChange, LicenseKey, LicenseStatus, MAX_LICENSE_NUMBER, NewLicense, Outcome, Term, Timestamp,
};
use crate::wire::field_errors::Fault;
use crate::wire::reply::Result;

/// The most license keys in one request (API §0.4, item 8).
pub const MAX_LICENSE_KEYS: usize = 10_000;

pub const LICENSE_KEYS: Field<Vec<LicenseKey>> =
    Field::license_keys("license_keys", MAX_LICENSE_KEYS, r#"["FIRST-KEY","SECOND-KEY"]"#)
        .says("The new keys.")
        .required();
pub const LICENSES: Field<Vec<Value>> =
    Field::objects("licenses", MAX_LICENSE_KEYS, r#"[{"product_id":1,"owner_email":"jane@example.com"}]"#)
        .says(
            "Instead of `license_keys`: for each key a `product_id` or a `generator_id` or both, \
             and optionally `owner_name`, `owner_email` (the license is then assigned), \
             `activation_limit` and `validity`. The same fields beside `licenses` count for each \
             element that does not have them.",
        );
pub const ACTIVATION_LIMIT: Field<i64> = Field::number("activation_limit", -1, MAX_LICENSE_NUMBER, "2")
    .says("On how many identifiers it may be active; 0 or -1: unlimited.")
    .required();
pub const VALIDITY: Field<i64> = Field::number("validity", 0, MAX_LICENSE_NUMBER, "365")
    .says("Days from the assignment until the license expires; 0: never.")
    .required();
pub const STATUS: Field<LicenseStatus> =
    Field::word("status", LICENSE_STATUSES, LicenseStatus::parse, "available").required();
pub const ASSIGNED_AT: Field<Timestamp> = Field::moment("assigned_at", "2026-02-27 03:05:31")
    .says("When its validity begins. By default now, if the status is `assigned`.");
/// The new status of a license. Newer clients send other names for some statuses.
pub const CHANGED_STATUS: Field<LicenseStatus> = Field::word(
    "status",
    &["assigned", "available", "reserved", "blocked", "active", "inactive", "suspended", "revoked"],
    LicenseStatus::parse_newer,
    "blocked",
)
.says("`active` is `assigned`; `inactive`, `suspended` and `revoked` are `blocked`.");

/// The reply fields of a refused request for licenses: the errors by field.
pub const INCORRECT: &[(&str, Shape)] =
    &[("errors", Shape::Errors(&[("validity", "The validity field must be at least 0.")]))];

/// The fields that a request must contain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    /// All except owner and time, in a request that creates licenses.
    ForNew,
    /// None, in a request that changes a license. A number or a status that is sent must be valid.
    ForChange,
}

/// Reads the licenses that a request asks for (API §4.10), or refuses it with all errors. From then on, the key of
/// their product signs the answer.
pub fn new_licenses(call: &mut Call<'_>) -> Result<Vec<NewLicense>> {
    let mut form = Form::new(call.sent);
    if !form.sent.is_filled(&LICENSE_KEYS) {
        form.errors.required(LICENSE_KEYS.name());
    }
    let license_keys = form.read(LICENSE_KEYS);
    let fields = read(call, &mut form, STATUS, Needed::ForNew)?;
    let validity = fields.validity;
    let term = match (form.read(EXPIRES_AT), fields.status) {
        (Some(end), Some(status)) => {
            let term = Term::until(end, validity, fields.assigned_at, status, call.now);
            term.map_err(|error| add_end_error(&mut form.errors, error)).ok()
        }
        _ => None,
    };
    let (Some(license_keys), Some(product_id), Some(activation_limit), Some(status), true) =
        (license_keys, fields.product_id, fields.activation_limit, fields.status, form.is_good())
    else {
        return Err(form.refused(Outcome::CreateLicenseIncorrectData));
    };
    let (validity, assigned_at) = match term {
        Some(term) => (term.validity, Some(term.assigned_at)),
        None => (validity.unwrap_or_default(), status.assigned_at(fields.assigned_at, call.now)),
    };
    let license = |license_key| NewLicense {
        product_id,
        license_key,
        owner_name: fields.owner_name.clone().filter(|name| !name.is_empty()),
        owner_email: fields.owner_email.clone().filter(|email| !email.is_empty()),
        activation_limit,
        validity,
        assigned_at,
        status,
        contract_id: None,
    };
    Ok(license_keys.into_iter().map(license).collect())
}

/// Reads a license key and what changes about its license (API §4.11), or refuses the request with all errors.
pub fn change(call: &mut Call<'_>) -> Result<SentChange> {
    let mut form = Form::new(call.sent);
    let license_key = form.sent.read(LICENSE_KEY);
    match &license_key {
        Ok(Some(_)) => {}
        Ok(None) => form.errors.required(LICENSE_KEY.name()),
        Err(_) => form.errors.invalid(LICENSE_KEY.name()),
    }
    let change = read(call, &mut form, CHANGED_STATUS, Needed::ForChange)?;
    if is_needed(&form, &EXPIRES_AT, Needed::ForChange) {
        form.errors.required(EXPIRES_AT.name());
    }
    let expires_at = form.read(EXPIRES_AT);
    match license_key {
        Ok(Some(license_key)) if form.is_good() => Ok(SentChange { license_key, change, expires_at }),
        _ => Err(form.refused(Outcome::UpdateLicenseIncorrectData)),
    }
}

/// Reads the fields of a request that describe licenses. `status`: the status field, with the words that the endpoint
/// accepts.
fn read(
    call: &mut Call<'_>,
    form: &mut Form<'_>,
    status: Field<LicenseStatus>,
    needed: Needed,
) -> Result<LicenseChange> {
    refuse_other_ends(form, EXPIRES_AT.name());
    let has_end = form.sent.text(&EXPIRES_AT).is_some();
    Ok(LicenseChange {
        product_id: product(call, form, needed)?,
        owner_name: owner(form, OWNER_NAME),
        owner_email: owner(form, OWNER_EMAIL),
        activation_limit: activation_limit(form, needed),
        validity: if has_end && form.sent.text(&VALIDITY).is_none() {
            None
        } else {
            number(form, VALIDITY, needed)
        },
        status: word(form, status, needed),
        assigned_at: form.read(ASSIGNED_AT),
    })
}

/// Reads the owner of an order's license, and the limits that replace those of its generator.
pub fn ordered(form: &mut Form<'_>) -> LicenseChange {
    LicenseChange {
        owner_name: owner(form, OWNER_NAME).filter(|name| !name.is_empty()),
        owner_email: owner(form, OWNER_EMAIL).filter(|email| !email.is_empty()),
        ..limits(form)
    }
}

/// Reads the activation limit and the validity that replace those of a generator.
pub fn limits(form: &mut Form<'_>) -> LicenseChange {
    refuse_ends(form);
    LicenseChange {
        activation_limit: activation_limit(form, Needed::ForChange),
        validity: number(form, VALIDITY, Needed::ForChange),
        ..LicenseChange::default()
    }
}

/// Whether the field must hold a value: a change may leave a field out, but not send it blank.
fn is_needed<T>(form: &Form<'_>, field: &Field<T>, needed: Needed) -> bool {
    form.sent.text(field).is_none() && (needed == Needed::ForNew || form.sent.has(field))
}

fn product(call: &mut Call<'_>, form: &mut Form<'_>, needed: Needed) -> Result<Option<i64>> {
    let reference = match form.sent.read(PRODUCT_ID) {
        Ok(None) if needed == Needed::ForChange => return Ok(None),
        Ok(reference) => reference,
        Err(_) => None,
    };
    let product = match reference {
        Some(reference) => call.tx.product_by_reference(&reference)?,
        None => None,
    };
    match &product {
        Some(product) => call.sign_with(product),
        None => form.errors.invalid(PRODUCT_ID.name()),
    }
    Ok(product.map(|product| product.id))
}

/// Reads a text and trims it. Returns an empty text if the field was sent blank.
fn owner(form: &mut Form<'_>, field: Field<String>) -> Option<String> {
    if form.sent.text(&field).is_none() && form.sent.is_filled(&field) {
        form.errors.fault(field.name(), Fault::NoText);
        return None;
    }
    form.text_or_blank(field)
}

/// Reads the activation limit. Newer clients send -1 for "no limit" (API §3.4).
fn activation_limit(form: &mut Form<'_>, needed: Needed) -> Option<i64> {
    number(form, ACTIVATION_LIMIT, needed).map(|limit| limit.max(0))
}

fn number(form: &mut Form<'_>, field: Field<i64>, needed: Needed) -> Option<i64> {
    if is_needed(form, &field, needed) {
        form.errors.required(field.name());
    }
    form.read(field)
}

fn word(form: &mut Form<'_>, field: Field<LicenseStatus>, needed: Needed) -> Option<LicenseStatus> {
    if is_needed(form, &field, needed) {
        form.errors.invalid(field.name());
    }
    form.read(field)
}
