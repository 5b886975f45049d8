//! The terms of a contract, as they are sent; and what is said of those that can't be.

use crate::api::call::Call;
use crate::domain::{Contract, ContractStatus, MAX_META_VALUE, Outcome, Permission, Terms};
use crate::wire::field_errors::FieldErrors;
use crate::wire::reply::{Reply, Result};

/// The longest key or name of a contract, in bytes.
const MAX_NAME: usize = 255;

const KEY_ERROR: &str = "Contract key is required and must be unique.";

/// Reads the fields of create-contract and update-contract (API §4.30); of a contract that is there,
/// what isn't sent stays. Refuses with all errors at once.
pub fn read(call: &Call<'_>, had: Option<&Contract>) -> Result<Terms> {
    let mut form = Form { call, had: had.map(|contract| &contract.terms), errors: FieldErrors::default() };
    let contract_key =
        form.text("contract_key", "Contract key", KEY_ERROR, MAX_NAME, |terms| &terms.contract_key);
    if let Some(key) = &contract_key
        && let Some(other) = call.tx.contract_by_key(key)?
        && had.is_none_or(|contract| contract.id != other.id)
    {
        form.errors.add("contract_key", KEY_ERROR);
    }
    let required = "Contract name is required.";
    let name = form.text("contract_name", "Contract name", required, MAX_NAME, |terms| &terms.name);
    let required = "Contract information is required.";
    let information =
        form.text("contract_information", "Contract information", required, MAX_META_VALUE, |terms| {
            &terms.information
        });
    let product_id = form.product_id()?;
    let quantity =
        call.params.integer("license_keys_quantity").and_then(|sent| sent.ok().filter(|n| *n >= 1));
    let required = "License keys quantity must be 1 or more.";
    let license_keys_quantity =
        form.field("license_keys_quantity", required, quantity, |terms| terms.license_keys_quantity);
    let status = call.params.text("status").and_then(|word| ContractStatus::parse(word.trim()));
    let status = form.field("status", "Status must be active or inactive", status, |terms| terms.status);
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

struct Form<'a> {
    call: &'a Call<'a>,
    had: Option<&'a Terms>,
    errors: FieldErrors,
}

impl Form<'_> {
    /// What was sent; else, if it wasn't sent at all, what it was; else an error.
    fn field<T>(
        &mut self,
        field: &'static str,
        error: &str,
        sent: Option<T>,
        had: impl FnOnce(&Terms) -> T,
    ) -> Option<T> {
        let value = match self.had {
            Some(terms) if !self.call.params.has(field) => Some(had(terms)),
            _ => sent,
        };
        if value.is_none() {
            self.errors.add(field, error);
        }
        value
    }

    fn text(
        &mut self,
        field: &'static str,
        title: &str,
        required: &str,
        limit: usize,
        had: impl FnOnce(&Terms) -> &str,
    ) -> Option<String> {
        let sent = self.call.params.text(field).map(|text| text.trim().to_owned());
        let value = self.field(field, required, sent, |terms| had(terms).to_owned())?;
        if value.len() > limit {
            self.errors.add(field, format!("{title} must not be longer than {limit} bytes."));
        }
        if value.contains('\0') {
            self.errors.add(field, format!("{title} must not hold a NUL character."));
        }
        Some(value)
    }

    fn product_id(&mut self) -> Result<Option<i64>> {
        let product = match self.call.params.text("product_id") {
            Some(reference) => self.call.tx.product_by_reference(reference.trim())?,
            None => None,
        };
        let sent = product.map(|product| product.id);
        Ok(self.field("product_id", "Product Id must be a valid product Id.", sent, |terms| terms.product_id))
    }

    fn permissions(&mut self) -> Vec<Permission> {
        let mut permissions = Vec::new();
        for permission in Permission::ALL {
            let sent = self.call.params.flag(permission.field()).and_then(std::result::Result::ok);
            let had = |terms: &Terms| terms.allow(permission);
            if self.field(permission.field(), permission.error(), sent, had) == Some(true) {
                permissions.push(permission);
            }
        }
        permissions
    }
}
