//! The fields that make or change a license, read and checked one by one.

use serde_json::Value;

use crate::api::call::Call;
use crate::domain::{
    LicenseChange, LicenseKey, LicenseStatus, MAX_LICENSE_NUMBER, MAX_OWNER, NewLicense, Outcome, Product,
    Timestamp,
};
use crate::wire::field_errors::FieldErrors;
use crate::wire::params::Params;
use crate::wire::reply::{Reply, Result};

/// The most license keys in one request (API §0.4, item 8).
pub const MAX_LICENSE_KEYS: usize = 10_000;

/// Which fields a request can't do without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    /// All but owner and time: it makes licenses.
    ForNew,
    /// None: it changes what it names. A number or a status that is named must still be one.
    ForChange,
}

/// The licenses that a request asks for (API §4.10), or the refusal that says what is wrong with it.
/// Their product signs from here on.
pub fn new_licenses(call: &mut Call<'_>) -> Result<Vec<NewLicense>> {
    let mut errors = FieldErrors::default();
    let license_keys = license_keys(call.params, &mut errors);
    let fields = read(call, Needed::ForNew, LicenseStatus::parse, &mut errors)?;
    let (Some(license_keys), Some(product_id), Some(activation_limit), Some(validity), Some(status), true) = (
        license_keys,
        fields.product_id,
        fields.activation_limit,
        fields.validity,
        fields.status,
        errors.is_empty(),
    ) else {
        return Err(Reply::from(Outcome::CreateLicenseIncorrectData).with("errors", errors.lists()).into());
    };
    let now_if_assigned = (status == LicenseStatus::Assigned).then_some(call.now);
    let license = |license_key| NewLicense {
        product_id,
        license_key,
        owner_name: fields.owner_name.clone().filter(|name| !name.is_empty()),
        owner_email: fields.owner_email.clone().filter(|email| !email.is_empty()),
        activation_limit,
        validity,
        assigned_at: fields.assigned_at.or(now_if_assigned),
        status,
        contract_id: None,
    };
    Ok(license_keys.into_iter().map(license).collect())
}

/// The license key that a request is about, and what it says of it (API §4.11); or the refusal that says
/// what is wrong with it.
pub fn change(call: &mut Call<'_>) -> Result<(LicenseKey, LicenseChange)> {
    let mut errors = FieldErrors::default();
    let license_key = license_key(call.params, &mut errors);
    let change = read(call, Needed::ForChange, LicenseStatus::parse_newer, &mut errors)?;
    match license_key {
        Some(license_key) if errors.is_empty() => Ok((license_key, change)),
        _ => Err(Reply::from(Outcome::UpdateLicenseIncorrectData).with("errors", errors.lists()).into()),
    }
}

/// What a request says about licenses, and in `errors` what is wrong with it, field by field. `parse_status`:
/// the words for a status that the endpoint takes.
fn read(
    call: &mut Call<'_>,
    needed: Needed,
    parse_status: fn(&str) -> Option<LicenseStatus>,
    errors: &mut FieldErrors,
) -> Result<LicenseChange> {
    let params = call.params;
    Ok(LicenseChange {
        product_id: product(call, needed, errors)?.map(|product| product.id),
        owner_name: owner(params, "owner_name", errors),
        owner_email: owner(params, "owner_email", errors),
        activation_limit: activation_limit(params, needed, errors),
        validity: number(params, "validity", 0, needed, errors),
        status: status(params, needed, parse_status, errors),
        assigned_at: assigned_at(params, errors),
    })
}

/// What one order says of its license: whose it becomes, and what it is worth if it isn't what its generator says.
pub fn ordered(params: &Params, errors: &mut FieldErrors) -> LicenseChange {
    LicenseChange {
        owner_name: owner(params, "owner_name", errors).filter(|name| !name.is_empty()),
        owner_email: owner(params, "owner_email", errors).filter(|email| !email.is_empty()),
        activation_limit: activation_limit(params, Needed::ForChange, errors),
        validity: number(params, "validity", 0, Needed::ForChange, errors),
        ..LicenseChange::default()
    }
}

/// The license keys of a list, trimmed: texts, or numbers for their text.
fn license_keys(params: &Params, errors: &mut FieldErrors) -> Option<Vec<LicenseKey>> {
    const FIELD: &str = "license_keys";
    if params.text_or_json(FIELD).is_none() {
        errors.required(FIELD);
        return None;
    }
    let Some(values) = params.list(FIELD) else {
        errors.must(FIELD, "be an array");
        return None;
    };
    if values.len() > MAX_LICENSE_KEYS {
        errors.must(FIELD, &format!("not have more than {MAX_LICENSE_KEYS} items"));
        return None;
    }
    let keys: Vec<LicenseKey> = values.iter().map_while(license_key_of).collect();
    if keys.len() < values.len() {
        let rule = "hold texts of 1 to 255 bytes without NUL characters";
        errors.must(FIELD, &format!("{rule}: item {} is none", keys.len() + 1));
        return None;
    }
    Some(keys)
}

fn license_key(params: &Params, errors: &mut FieldErrors) -> Option<LicenseKey> {
    const FIELD: &str = "license_key";
    let Some(text) = params.text(FIELD) else {
        errors.required(FIELD);
        return None;
    };
    let key = LicenseKey::parse(&text).ok();
    if key.is_none() {
        errors.invalid(FIELD);
    }
    key
}

fn license_key_of(value: &Value) -> Option<LicenseKey> {
    match value {
        Value::String(text) => LicenseKey::parse(text).ok(),
        Value::Number(number) => LicenseKey::parse(&number.to_string()).ok(),
        _ => None,
    }
}

fn is_needed(params: &Params, field: &str, needed: Needed) -> bool {
    needed == Needed::ForNew || params.has(field)
}

fn product(call: &mut Call<'_>, needed: Needed, errors: &mut FieldErrors) -> Result<Option<Product>> {
    const FIELD: &str = "product_id";
    let product = match call.params.text(FIELD) {
        Some(reference) => call.tx.product_by_reference(reference.trim())?,
        None => None,
    };
    match &product {
        Some(product) => call.sign_with(product),
        None if is_needed(call.params, FIELD, needed) => errors.invalid(FIELD),
        None => {}
    }
    Ok(product)
}

/// A text, trimmed; empty if it was sent blank.
fn owner(params: &Params, field: &'static str, errors: &mut FieldErrors) -> Option<String> {
    if !params.has(field) {
        return None;
    }
    let Some(text) = params.text(field) else {
        if params.text_or_json(field).is_none() {
            return Some(String::new());
        }
        errors.must(field, "be a string");
        return None;
    };
    let text = text.trim();
    errors.accepts(field, text, MAX_OWNER).then(|| text.to_owned())
}

/// -1 is how newer clients say "any number" (API §3.4).
fn activation_limit(params: &Params, needed: Needed, errors: &mut FieldErrors) -> Option<i64> {
    number(params, "activation_limit", -1, needed, errors).map(|limit| limit.max(0))
}

fn number(
    params: &Params,
    field: &'static str,
    least: i64,
    needed: Needed,
    errors: &mut FieldErrors,
) -> Option<i64> {
    match params.integer(field) {
        Some(Ok(number)) if (least..=MAX_LICENSE_NUMBER).contains(&number) => return Some(number),
        Some(Ok(..0)) => errors.must(field, "be at least 0"),
        Some(Ok(_)) => errors.must(field, &format!("not be greater than {MAX_LICENSE_NUMBER}")),
        Some(Err(_)) => errors.must(field, "be an integer"),
        None if is_needed(params, field, needed) => errors.required(field),
        None => {}
    }
    None
}

fn status(
    params: &Params,
    needed: Needed,
    parse: fn(&str) -> Option<LicenseStatus>,
    errors: &mut FieldErrors,
) -> Option<LicenseStatus> {
    const FIELD: &str = "status";
    let status = params.text(FIELD).and_then(|word| parse(word.trim()));
    if status.is_none() && is_needed(params, FIELD, needed) {
        errors.invalid(FIELD);
    }
    status
}

/// Blank is as good as absent here: a license that forgot when it was assigned would never expire.
fn assigned_at(params: &Params, errors: &mut FieldErrors) -> Option<Timestamp> {
    const FIELD: &str = "assigned_at";
    let text = params.text_or_json(FIELD)?;
    let moment = Timestamp::parse(&text).ok();
    if moment.is_none() {
        errors.must(FIELD, "be a valid date");
    }
    moment
}
