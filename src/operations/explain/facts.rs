//! The facts of each step in words.

use super::{ForIdentifier, Question};
use crate::domain::{Identifier, License, Outcome, Page, Product, Timestamp};
use crate::operations::gate::Step;
use crate::store::{Error, Tx};

/// The most identifiers of a license that a text names.
const MAX_SHOWN: i64 = 10;

/// The facts that a request met at the gate.
pub struct Facts<'a> {
    pub tx: &'a Tx<'a>,
    pub question: &'a Question,
    pub identifier: Option<&'a Identifier>,
    /// Whether the identifier stands for any new one.
    pub is_new: bool,
    pub license: Option<&'a License>,
    pub product: Option<&'a Product>,
    pub outcome: Outcome,
    pub at: Timestamp,
}

impl Facts<'_> {
    /// Why the step passed.
    pub fn of_passed(&self, step: Step) -> Result<String, Error> {
        let is_any = matches!(self.question.identifier, ForIdentifier::Any);
        Ok(match step {
            Step::Blocklist if self.identifier.is_none() => "no identifier to look for".to_owned(),
            Step::Blocklist if self.is_new => "no identifier was given to look for".to_owned(),
            Step::Blocklist => format!("{} is not on the blocklist", self.identifier()),
            Step::LicenseKey => self.of_license()?,
            Step::Product => format!("{} is active", self.product()),
            Step::Identifier if self.is_new => "none was given: a new one is assumed".to_owned(),
            Step::Identifier if is_any => {
                format!("none was given: {} is assumed, which was activated last", self.identifier())
            }
            Step::Identifier => format!("{} was sent", self.identifier()),
            Step::NotBlocked => "the license is not blocked".to_owned(),
            Step::Assigned => self.of_assignment(),
            Step::NotExpired | Step::NotExpiredForDownloads => self.of_end(),
            Step::Active => format!("the license is active on {}", self.identifier()),
            Step::Seat if self.outcome == Outcome::LicenseAlreadyActive => {
                format!("the license is active on {} already", self.identifier())
            }
            Step::Seat => self.of_seats()?,
        })
    }

    /// Why the step refused.
    pub fn of_refused(&self, step: Step) -> Result<String, Error> {
        Ok(match step {
            Step::Blocklist => self.of_block()?,
            Step::LicenseKey => self.of_wrong_key()?,
            Step::Product if self.product.is_some() => format!("{} is inactive", self.product()),
            Step::Product => format!("{} does not exist any more", self.product()),
            Step::Identifier => "no identifier was sent".to_owned(),
            Step::NotBlocked => self.of_blocked()?,
            Step::Assigned => {
                let status = self.license.map_or("", |license| license.status.as_str());
                format!("the license is {status}: it is not assigned to a customer yet")
            }
            Step::NotExpired | Step::NotExpiredForDownloads => self.of_end(),
            Step::Active if self.is_new => "the license is active nowhere".to_owned(),
            Step::Active => {
                format!("the license is not active on {}: {}", self.identifier(), self.of_activations()?)
            }
            Step::Seat => self.of_seats()?,
        })
    }

    fn identifier(&self) -> String {
        self.identifier.filter(|_| !self.is_new).map_or_else(
            || "a new identifier".to_owned(),
            |identifier| format!("\"{}\"", identifier.as_str()),
        )
    }

    /// The license's product, by its id and its name.
    fn product(&self) -> String {
        match (self.product, self.license) {
            (Some(product), _) => shown(product),
            (None, Some(license)) => format!("product {}", license.product_id),
            (None, None) => "the product".to_owned(),
        }
    }

    /// The product that the request names, if it exists.
    pub(super) fn asked_product(&self) -> Result<Option<Product>, Error> {
        let Some(reference) = &self.question.product else { return Ok(None) };
        match reference.parse() {
            Ok(id) => self.tx.product(id),
            Err(_) => self.tx.product_by_reference(reference),
        }
    }

    /// The kind of the block as an option of `block remove`, and its value.
    pub(super) fn block(&self) -> Result<Option<(&'static str, String)>, Error> {
        let Some(identifier) = self.identifier else { return Ok(None) };
        let block = self.tx.blocklist()?.block_of(identifier.as_str());
        Ok(block.map(|block| {
            let option = if block.kind() == "domain" { "--domain" } else { "--identifier" };
            (option, block.value())
        }))
    }

    fn of_blocked(&self) -> Result<String, Error> {
        let notes = self.license.map(|license| self.tx.license_notes(license.id)).transpose()?;
        Ok(match notes.and_then(|notes| notes.block_reason) {
            Some(reason) => format!("the license is blocked: {reason}"),
            None => "the license is blocked".to_owned(),
        })
    }

    fn of_block(&self) -> Result<String, Error> {
        let on_list = match self.block()? {
            Some(("--domain", domain)) => format!("the domain \"{domain}\" is on the blocklist"),
            _ => "the identifier is on the blocklist".to_owned(),
        };
        Ok(format!("{} is blocked: {on_list}", self.identifier()))
    }

    fn of_license(&self) -> Result<String, Error> {
        let (Some(license), Some(sent)) = (self.license, &self.question.license_key) else {
            return Ok(String::new());
        };
        let key = if license.license_key.eq_ignore_ascii_case(sent.as_str()) {
            format!("license {} has this key", license.id)
        } else {
            format!("license {} has the key {}, which was meant", license.id, license.license_key)
        };
        Ok(match self.asked_product()? {
            Some(product) => format!("{key}, and is of {}", shown(&product)),
            None => key,
        })
    }

    fn of_wrong_key(&self) -> Result<String, Error> {
        let (Some(license), Some(reference)) = (self.license, &self.question.product) else {
            let is_sent = self.question.license_key.is_some();
            let text = if is_sent { "no license has this key" } else { "no license key was sent" };
            return Ok(text.to_owned());
        };
        let own = match self.tx.product(license.product_id)? {
            Some(product) => shown(&product),
            None => format!("product {}", license.product_id),
        };
        Ok(match self.asked_product()? {
            Some(other) => format!("the license is of {own}, not of {}", shown(&other)),
            None => format!("the license is of {own}, and there is no product \"{reference}\""),
        })
    }

    fn of_assignment(&self) -> String {
        let Some(license) = self.license else { return String::new() };
        let owner = license.owner_email.as_ref().or(license.owner_name.as_ref());
        let owner = owner.map(|owner| format!(" to {owner}")).unwrap_or_default();
        let since = license.assigned_at.map(|at| format!(" since {at}")).unwrap_or_default();
        format!("the license is assigned{owner}{since}")
    }

    fn of_end(&self) -> String {
        let Some(end) = self.license.and_then(License::expires_at) else {
            return "the license never expires".to_owned();
        };
        let is_over = end <= self.at;
        let days = days_between(end, self.at);
        let expiry = match self.question.at {
            None if is_over => format!("the license expired {days} ago, on {end}"),
            None => format!("the license expires in {days}, on {end}"),
            Some(_) if is_over => format!("the license expires {days} before then, on {end}"),
            Some(_) => format!("the license expires {days} after then, on {end}"),
        };
        let is_permitted = is_over && self.outcome != Outcome::LicenseExpired;
        if is_permitted { format!("{expiry}, and its product permits downloads after that") } else { expiry }
    }

    fn of_seats(&self) -> Result<String, Error> {
        let Some(license) = self.license else { return Ok(String::new()) };
        let limit = license.activation_limit;
        if limit == 0 {
            return Ok("the license has no activation limit".to_owned());
        }
        let taken = self.tx.count_activations(license.id)?;
        let seats = if limit == 1 { "seat" } else { "seats" };
        let is = if taken == 1 { "is" } else { "are" };
        let who = if taken == 0 { String::new() } else { format!(": {}", self.of_activations()?) };
        Ok(format!("{taken} of {limit} {seats} {is} taken{who}"))
    }

    /// The identifiers that the license is active on.
    fn of_activations(&self) -> Result<String, Error> {
        let Some(license) = self.license else { return Ok(String::new()) };
        let count = self.tx.count_activations(license.id)?;
        if count == 0 {
            return Ok("it is active nowhere".to_owned());
        }
        let shown = self.tx.activations(license.id, Page { offset: 0, limit: MAX_SHOWN })?;
        let shown: Vec<String> = shown.iter().map(|shown| format!("\"{}\"", shown.identifier)).collect();
        let shown = shown.join(", ");
        Ok(if count > MAX_SHOWN {
            format!("it is active on {count}, among them {shown}")
        } else {
            format!("it is active on {shown}")
        })
    }
}

fn shown(product: &Product) -> String {
    format!("product {} \"{}\"", product.id, product.name)
}

/// The whole days between two times, in words.
fn days_between(one: Timestamp, other: Timestamp) -> String {
    match one.0.abs_diff(other.0) / 86_400 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
