//! `keyseal license activate` and `deactivate`.

use serde_json::json;

use super::{existing, license_key, release};
use crate::cli::{Output, Result, change, now, one_line, open};
use crate::domain::{License, NewActivation, Outcome, ProductStatus, Seats, has_free_seat};
use crate::files::DataDir;
use crate::store::Tx;

pub fn activate(key: &str, identifier: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(key)?;
    let identifier = super::identifier(identifier)?;
    let name = identifier.as_str().to_owned();
    let (license, was_active, refusal) = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        let refusal = gate_refusal(tx, &license)?;
        if tx.is_activated(license.id, &identifier)? {
            return Ok((license, true, refusal));
        }
        if !has_free_seat(license.activation_limit, tx.count_activations(license.id)?) {
            let limit = license.activation_limit;
            return Err(format!("license key {key} has reached its activation limit of {limit}").into());
        }
        let seat =
            NewActivation { license_id: license.id, identifier: &identifier, address: None, post_url: None };
        tx.add_activation(&seat, now())?;
        Ok((license, false, refusal))
    })?;
    if let Some(refusal) = refusal {
        output.note(&format!(
            "note: clients are answered with {} \"{}\" for this license",
            refusal.code(),
            refusal.message()
        ));
    }
    let text = format!(
        "license key {} {} on {}",
        license.license_key,
        if was_active { "was active already" } else { "is active" },
        one_line(&name)
    );
    let value = json!({
        "id": license.id, "license_key": license.license_key, "identifier": name, "was_active": was_active,
    });
    output.result(&value, &text)
}

pub fn deactivate(key: &str, identifier: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(key)?;
    let identifier = super::identifier(identifier)?;
    let name = identifier.as_str().to_owned();
    let license = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        release::release_seats(tx, &license, &Seats::On(identifier.clone()))?;
        Ok(license)
    })?;
    let text = format!("license key {} is no longer active on {}", license.license_key, one_line(&name));
    let value = json!({
        "id": license.id, "license_key": license.license_key, "identifier": name, "was_active": true,
    });
    output.result(&value, &text)
}

/// The outcome with which the license gate refuses this license now, if it does (API §3.9).
fn gate_refusal(tx: &Tx<'_>, license: &License) -> Result<Option<Outcome>> {
    let product = tx.product(license.product_id)?;
    let is_active = product.is_some_and(|product| product.status == ProductStatus::Active);
    let checks = [
        if is_active { Ok(()) } else { Err(Outcome::ProductNotActive) },
        license.check_not_blocked(),
        license.check_assigned(),
        license.check_not_expired(now()),
    ];
    Ok(checks.into_iter().find_map(std::result::Result::err))
}
