//! License keys: making, changing, deleting, listing and counting them.

use serde_json::{Value, json};

use super::{license_fields, license_orders};
use crate::api::call::Call;
use crate::domain::{License, LicenseFilter, LicenseStatus, Outcome, Page};
use crate::wire::reply::{Reply, Result};

/// `POST /create-license-keys` (API §4.10): `license_keys`, at most 10,000, `product_id`,
/// `activation_limit`, `validity`, `status`, and optionally `owner_name`, `owner_email` and `assigned_at`.
/// Keys that exist are skipped and counted. Or `licenses`: orders for keys that generators make, answered
/// with the keys.
pub fn create(call: &mut Call<'_>) -> Result {
    if call.params.has("licenses") && !call.params.has("license_keys") {
        return license_orders::carry_out(call);
    }
    let licenses = license_fields::new_licenses(call)?;
    let mut created = 0;
    for license in &licenses {
        created += usize::from(call.tx.add_license(license, call.now)?.is_some());
    }
    if created == 0 {
        return Err(Outcome::NoLicenseKeysCreated.into());
    }
    let duplicate = licenses.len() - created;
    Ok(Reply::from(Outcome::LicenseKeysCreated).with("created", created).with("duplicate", duplicate))
}

/// `POST /update-license-key` (API §4.11): `license_key`, and of the fields of create those that change.
/// The rest stays as it is. Whoever asked to be told of the end of an activation is told when the license
/// becomes blocked.
pub fn update(call: &mut Call<'_>) -> Result {
    let (license_key, change) = license_fields::change(call)?;
    let before = call.tx.license_by_key(&license_key)?.ok_or(Outcome::UpdateLicenseNotFound)?;
    let license = before.changed(change, call.now);
    call.tx.change_license(&license, call.now)?;
    if license.status == LicenseStatus::Blocked && before.status != LicenseStatus::Blocked {
        call.tell_of_deactivations(&license)?;
    }
    sign_for_product(call, license.product_id)?;
    Ok(Outcome::LicenseUpdated.into())
}

/// `POST /delete-license-key` (API §4.12): `license_key`. Its activations and its metadata go with it;
/// whoever asked to be told of the end of an activation is told.
pub fn delete(call: &mut Call<'_>) -> Result {
    let license = call.license(Outcome::DeleteLicenseNotFound)?;
    // Who uses a blocked one has been told.
    if license.status != LicenseStatus::Blocked {
        call.tell_of_deactivations(&license)?;
    }
    call.tx.delete_license(license.id)?;
    sign_for_product(call, license.product_id)?;
    Ok(Outcome::LicenseDeleted.into())
}

/// `GET /get-license-keys` (API §4.13), by id: those of `product_id`, of `status`, of `owner_name`, of
/// `owner_email`, as far as these are given; of them `page`, of `items_per_page`.
pub fn list(call: &mut Call<'_>) -> Result {
    let (page, items) = (call.params.text("page"), call.params.text("items_per_page"));
    let licenses = match filter(call)? {
        Some(filter) => call.tx.licenses_page(&filter, Page::new(page.as_deref(), items.as_deref()))?,
        None => Vec::new(),
    };
    Ok(Reply::from(Outcome::LicenseKeys).with_list("license_keys", licenses, value))
}

/// `GET /get-available-license-keys-count` (API §4.14): `product_id`. Counts what is left to be assigned
/// at random.
pub fn count_available(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::CountProductNotFound)?;
    let count = call.tx.count_licenses_in_pool(product.id)?;
    Ok(Reply::from(Outcome::AvailableLicenseKeysCount).with("count", count))
}

/// Has the product sign. A license may outlive it; then the installation's key does.
fn sign_for_product(call: &mut Call<'_>, product_id: i64) -> Result<()> {
    if let Some(product) = call.tx.product(product_id)? {
        call.sign_with(&product);
    }
    Ok(())
}

/// What a list is limited to; `None`: to something that no license can have.
fn filter(call: &Call<'_>) -> Result<Option<LicenseFilter>> {
    let text = |field| call.params.text(field).map(|text| text.trim().to_owned());
    let mut filter = LicenseFilter {
        owner_name: text("owner_name"),
        owner_email: text("owner_email"),
        ..LicenseFilter::default()
    };
    if let Some(reference) = text("product_id") {
        let Some(product) = call.tx.product_by_reference(&reference)? else { return Ok(None) };
        filter.product_id = Some(product.id);
    }
    if let Some(word) = text("status") {
        let Some(status) = LicenseStatus::parse(&word) else { return Ok(None) };
        filter.status = Some(status);
    }
    Ok(Some(filter))
}

/// A license as lists show it. The names and their order are the API's.
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
