//! The fields that make or change a contract.

use crate::api::call::Call;
use crate::api::field::Field;
use crate::api::fields::PRODUCT_ID;
use crate::domain::{
    Contract, ContractStatus, MAX_META_VALUE, MAX_NAME, MIN_CONTRACT_KEY, Outcome, Permission, Terms,
};
use crate::wire::field_errors::{Fault, FieldErrors};
use crate::wire::reply::{Reply, Result};

pub const KEY: Field<String> = Field::text("contract_key", MAX_NAME, "c0ffee00-0000-4000-8000-000000000001")
    .says("The credential of the contract's owner: unique and hard to guess.")
    .required();
pub const NAME: Field<String> =
    Field::text("contract_name", MAX_NAME, "Reseller").says("Shown as `name`.").required();
pub const INFORMATION: Field<String> = Field::text("contract_information", MAX_META_VALUE, "Ten keys a year")
    .says("Shown as `information`.")
    .required();
pub const KEYS_QUANTITY: Field<i64> = Field::number("license_keys_quantity", 1, i64::MAX, "10")
    .says("How many licenses may exist under the contract at the same time.")
    .required();
pub const STATUS: Field<ContractStatus> =
    Field::word("status", &["active", "inactive"], ContractStatus::parse, "active")
        .says("An inactive contract allows nothing.")
        .required();
pub const CAN_GET_INFO: Field<bool> = Field::flag("can_get_info", "1").required();
pub const CAN_GENERATE: Field<bool> = Field::flag("can_generate", "1").required();
pub const CAN_DESTROY: Field<bool> = Field::flag("can_destroy", "1").required();
pub const CAN_DESTROY_ALL: Field<bool> = Field::flag("can_destroy_all", "0").required();

/// The field that says whether a contract allows something.
pub fn field(permission: Permission) -> Field<bool> {
    match permission {
        Permission::GetInfo => CAN_GET_INFO,
        Permission::Generate => CAN_GENERATE,
        Permission::Destroy => CAN_DESTROY,
        Permission::DestroyAll => CAN_DESTROY_ALL,
    }
}

const KEY_ERROR: &str = "Contract key is required and must be unique.";

/// Reads the fields of create-contract and update-contract (API §4.30). `existing`: the contract to change, which
/// keeps its value of each field that is not sent. A refusal reports all errors.
pub fn read(call: &Call<'_>, existing: Option<&Contract>) -> Result<Terms> {
    let mut form = TermsForm {
        call,
        existing: existing.map(|contract| &contract.terms),
        errors: FieldErrors::default(),
    };
    let contract_key = form.text(KEY, "Contract key", KEY_ERROR, |terms| &terms.contract_key);
    if let Some(key) = &contract_key
        && let Some(other) = call.tx.contract_by_key(key)?
        && existing.is_none_or(|contract| contract.id != other.id)
    {
        form.errors.add(KEY.name(), KEY_ERROR);
    }
    if let Some(key) = &contract_key
        && key.chars().count() < MIN_CONTRACT_KEY
        && existing.is_none_or(|contract| contract.terms.contract_key != *key)
    {
        form.errors
            .add(KEY.name(), format!("Contract key must have at least {MIN_CONTRACT_KEY} characters."));
    }
    let required = "Contract name is required.";
    let name = form.text(NAME, "Contract name", required, |terms| &terms.name);
    let required = "Contract information is required.";
    let information = form.text(INFORMATION, "Contract information", required, |terms| &terms.information);
    let product_id = form.product_id()?;
    let required = "License keys quantity must be 1 or more.";
    let license_keys_quantity = form.field(KEYS_QUANTITY, required, |terms| terms.license_keys_quantity);
    let status = form.field(STATUS, "Status must be active or inactive", |terms| terms.status);
    let permissions = form.permissions();
    match (contract_key, name, information, product_id, license_keys_quantity, status) {
        (
            Some(contract_key),
            Some(name),
            Some(information),
            Some(product_id),
            Some(license_keys_quantity),
            Some(status),
        ) if form.errors.is_empty() => Ok(Terms {
            contract_key,
            name,
            information,
            product_id,
            license_keys_quantity,
            status,
            permissions,
        }),
        _ => Err(Reply::from(Outcome::ContractIncorrectData).with("errors", form.errors.texts()).into()),
    }
}

struct TermsForm<'a> {
    call: &'a Call<'a>,
    existing: Option<&'a Terms>,
    errors: FieldErrors,
}

impl TermsForm<'_> {
    /// Reads a field. If it was not sent, keeps the value of an existing contract, or else adds `error`.
    fn field<T>(&mut self, field: Field<T>, error: &str, existing: impl FnOnce(&Terms) -> T) -> Option<T> {
        self.value(&field, error, self.call.sent.lenient(field), existing)
    }

    fn value<T, U>(
        &mut self,
        field: &Field<T>,
        error: &str,
        sent: Option<U>,
        existing: impl FnOnce(&Terms) -> U,
    ) -> Option<U> {
        let value = match self.existing {
            Some(terms) if !self.call.sent.has(field) => Some(existing(terms)),
            _ => sent,
        };
        if value.is_none() {
            self.errors.add(field.name(), error);
        }
        value
    }

    fn text(
        &mut self,
        field: Field<String>,
        title: &str,
        required: &str,
        existing: impl FnOnce(&Terms) -> &str,
    ) -> Option<String> {
        match self.call.sent.read(field) {
            Ok(sent) => self.value(&field, required, sent, |terms| existing(terms).to_owned()),
            Err(fault) => {
                let message = match fault {
                    Fault::TooLong(max) => format!("{title} must not be longer than {max} bytes."),
                    _ => format!("{title} must not hold a NUL character."),
                };
                self.errors.add(field.name(), message);
                None
            }
        }
    }

    fn product_id(&mut self) -> Result<Option<i64>> {
        let reference = self.call.sent.read(PRODUCT_ID);
        if let (Ok(None), Some(existing)) = (&reference, self.existing) {
            return Ok(Some(existing.product_id));
        }
        let product = match reference.ok().flatten() {
            Some(reference) => self.call.tx.product_by_reference(&reference)?,
            None => None,
        };
        if product.is_none() {
            self.errors.add(PRODUCT_ID.name(), "Product Id must be a valid product Id.");
        }
        Ok(product.map(|product| product.id))
    }

    fn permissions(&mut self) -> Vec<Permission> {
        let mut permissions = Vec::new();
        for permission in Permission::ALL {
            let existing = |terms: &Terms| terms.allow(permission);
            if self.field(field(permission), permission.error(), existing) == Some(true) {
                permissions.push(permission);
            }
        }
        permissions
    }
}
