//! What an import does with one line: a new license, a change to one, or nothing.

use std::collections::HashMap;

use super::Args;
use crate::cli::license::csv::{Line, LineTerm};
use crate::cli::{Result, operation};
use crate::domain::{
    Identifier, License, LicenseChange, LicenseKey, LicenseStatus, NewLicense, NotesChange, Product,
    Timestamp,
};
use crate::maintenance::signing_keys::unknown_product;
use crate::maintenance::units::number;
use crate::store::Tx;

/// What becomes of a license.
pub enum Plan {
    Create(NewLicense, Additions),
    Update(Box<License>, LicenseChange, Additions),
    /// It exists, and has all fields of the line already.
    Unchanged,
    /// It exists, and stays as it is.
    Skip,
}

/// What a line adds beside the fields of the license itself.
pub struct Additions {
    pub identifiers: Vec<Identifier>,
    pub notes: NotesChange,
}

impl Additions {
    fn take(line: &mut Line) -> Self {
        Self { identifiers: std::mem::take(&mut line.identifiers), notes: std::mem::take(&mut line.notes) }
    }
}

/// Plans a line. `existing`: the license that has its key already. The error is all that is wrong with the line.
pub fn plan(
    tx: &Tx<'_>,
    args: &Args,
    mut line: Line,
    product: Option<i64>,
    existing: Option<License>,
    now: Timestamp,
) -> Result<Result<Plan, Vec<String>>> {
    if existing.is_some() && args.skip_existing && line.faults.is_empty() {
        return Ok(Ok(Plan::Skip));
    }
    let default = existing.as_ref().map_or(LicenseStatus::Available, |license| license.status);
    let status = line.status.unwrap_or(default);
    let term = line.term(status, now).unwrap_or_else(|fault| {
        line.faults.push(fault);
        LineTerm::default()
    });
    let planned = match existing {
        Some(license) if args.update => Some(update(tx, license, &mut line, product, term, now)?),
        Some(_) => {
            let key = line.license_key.as_ref().map(LicenseKey::as_str).unwrap_or_default();
            line.faults.push(format!(
                "license key {key} exists already: --skip-existing leaves such licenses as they are, \
                 --update changes them"
            ));
            None
        }
        None => create(args, &mut line, product, term, now),
    };
    Ok(planned.filter(|_| line.faults.is_empty()).ok_or(line.faults))
}

fn create(
    args: &Args,
    line: &mut Line,
    product: Option<i64>,
    term: LineTerm,
    now: Timestamp,
) -> Option<Plan> {
    let activation_limit = line.activation_limit.or(args.activation_limit).unwrap_or(0);
    check_seats(line, activation_limit, line.identifiers.len());
    let status = line.status.unwrap_or(LicenseStatus::Available);
    let some = |owner: &Option<String>| owner.clone().filter(|owner| !owner.is_empty());
    let license = NewLicense {
        product_id: product?,
        license_key: line.license_key.clone()?,
        owner_name: some(&line.owner_name),
        owner_email: some(&line.owner_email),
        activation_limit,
        validity: term.validity.or(args.validity).unwrap_or(0),
        assigned_at: status.assigned_at(term.assigned_at, now),
        status,
        contract_id: None,
    };
    Some(Plan::Create(license, Additions::take(line)))
}

fn update(
    tx: &Tx<'_>,
    license: License,
    line: &mut Line,
    product: Option<i64>,
    term: LineTerm,
    now: Timestamp,
) -> Result<Plan> {
    let change = LicenseChange {
        product_id: product,
        owner_name: line.owner_name.clone(),
        owner_email: line.owner_email.clone(),
        activation_limit: line.activation_limit,
        validity: term.validity,
        status: line.status,
        assigned_at: term.assigned_at,
    };
    let former = operation(tx).former_status(&license)?;
    let after = license.changed(former, change.clone(), now);
    let notes = tx.license_notes(license.id)?;
    // What is active ends with its owner, and the line of an export repeats what the former one had.
    let ends = former.loses_owner(after.status);
    if ends || former.ends_reservation(after.status) {
        line.notes.leave_out(&notes);
    }
    let mut new = Vec::new();
    for identifier in std::mem::take(&mut line.identifiers) {
        if !tx.is_activated(license.id, &identifier)? {
            new.push(identifier);
        }
    }
    if !new.is_empty() {
        let active = if ends { 0 } else { tx.count_activations(license.id)? };
        let active = usize::try_from(active).unwrap_or(usize::MAX);
        check_seats(line, after.activation_limit, active.saturating_add(new.len()));
    }
    line.identifiers = new;
    if line.identifiers.is_empty() && after == license && notes.changed(&line.notes) == notes {
        return Ok(Plan::Unchanged);
    }
    Ok(Plan::Update(Box::new(license), change, Additions::take(line)))
}

/// Refuses more identifiers than the limit.
fn check_seats(line: &mut Line, limit: i64, identifiers: usize) {
    if limit > 0 && i64::try_from(identifiers).unwrap_or(i64::MAX) > limit {
        let count = number(identifiers, "identifier", "identifiers");
        line.faults
            .push(format!("identifiers: {count} would be active, but the activation limit is {limit}"));
    }
}

/// The products that lines refer to, by what they write.
#[derive(Default)]
pub struct Products {
    ids: HashMap<String, Result<i64, String>>,
    all: Option<Vec<Product>>,
}

impl Products {
    /// The product with this id, uuid, slug or name; else what is wrong with the reference.
    pub fn id(&mut self, tx: &Tx<'_>, reference: &str) -> Result<Result<i64, String>> {
        if let Some(id) = self.ids.get(reference) {
            return Ok(id.clone());
        }
        let found = match tx.product_by_reference(reference)? {
            Some(product) => Ok(product.id),
            None => self.id_by_name(tx, reference)?,
        };
        // Wrong references are looked up each time, so that a bad file takes no memory.
        if found.is_ok() {
            self.ids.insert(reference.to_owned(), found.clone());
        }
        Ok(found)
    }

    fn id_by_name(&mut self, tx: &Tx<'_>, name: &str) -> Result<Result<i64, String>> {
        if self.all.is_none() {
            self.all = Some(tx.products()?);
        }
        let mut named = self.all.iter().flatten().filter(|product| product.name.trim() == name);
        Ok(match (named.next(), named.next()) {
            (Some(product), None) => Ok(product.id),
            (Some(_), Some(_)) => Err(format!("several products are named {name}: give the id of one")),
            (None, _) => Err(unknown_product(name)),
        })
    }
}
