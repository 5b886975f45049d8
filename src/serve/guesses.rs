//! Guessing at keys: after some wrong ones from an address, it has to wait before it learns of another.
//!
//! A valid request must not suffer from who shares its address, and a guess that hits must not be told from
//! one that misses, or a guesser reads the difference. So, from an address whose wrong keys are still
//! counted, a license key together with an identifier that it is active on is served as ever, because that is
//! no guess. Anything else that names a license key pays for one guess before it is looked at: where nothing
//! is left to pay with, right and wrong are refused alike. What turns out to be right gets its payment back,
//! so right keys use up nothing, however many come. An API key that may list all license keys has nothing to
//! guess and never pays. An unknown API key pays too, but one that is right is served at once: it has too
//! many bits to be guessed.

use std::cell::Cell;
use std::net::IpAddr;

use super::authorize::Authorized;
use super::{Answered, App};
use crate::domain::{Identifier, LicenseKey, Outcome};
use crate::routes::Runs;
use crate::store::{self, Tx};
use crate::wire::params::Params;
use crate::wire::reply::{Error, Result};

/// One request, as far as it may be a guess.
pub struct Guess<'a> {
    app: &'a App,
    address: IpAddr,
    /// Paid for, and not known yet whether it was one.
    is_unsettled: Cell<bool>,
    is_free: Cell<bool>,
}

impl<'a> Guess<'a> {
    pub fn new(app: &'a App, address: IpAddr) -> Self {
        Self { app, address, is_unsettled: Cell::new(false), is_free: Cell::new(false) }
    }

    /// Before the endpoint: has a license key paid for, if it must be. One that is on no license is, before
    /// it comes to the writer, where many could wait side by side for their answers.
    pub fn check(&self, tx: &Tx<'_>, params: &Params, caller: &Authorized, runs: Runs) -> Result<()> {
        self.is_free.set(caller.sees_licenses);
        let has_guessed = self.app.limits.has_guessed(self.address);
        if caller.sees_licenses || (runs != Runs::OnWriter && !has_guessed) {
            return Ok(());
        }
        let Some(license_key) = params.text("license_key") else { return Ok(()) };
        let must_pay = match standing(tx, &license_key, params)? {
            Standing::Unknown => true,
            Standing::Known => has_guessed,
            Standing::Active => false,
        };
        if must_pay {
            self.app.limits.pay_guess(self.address)?;
            self.is_unsettled.set(true);
        }
        Ok(())
    }

    /// After it: what was a wrong key is paid for, or not told.
    pub fn judge(&self, answered: Answered) -> Answered {
        let is_wrong = matches!(&answered.result, Err(Error::Refused(reply)) if is_wrong_key(reply.outcome));
        if self.is_unsettled.get() {
            self.settle(!is_wrong);
            return answered;
        }
        if !is_wrong || self.is_free.get() {
            return answered;
        }
        match self.app.limits.admit_guess(self.address) {
            Ok(()) => answered,
            Err(too_many) => Answered::refused(too_many),
        }
    }

    /// After an endpoint that answers by itself.
    pub fn was_right(&self) {
        self.settle(true);
    }

    fn settle(&self, was_right: bool) {
        if self.is_unsettled.replace(false) {
            self.app.limits.settle_guess(self.address, was_right);
        }
    }
}

impl Drop for Guess<'_> {
    /// Whoever leaves before the answer has paid: else a guess would be free to who doesn't wait.
    fn drop(&mut self) {
        self.settle(false);
    }
}

/// What a guesser hears of a key that isn't right. That a license isn't active on an identifier (202) is none
/// of it: the key was right, and customers do move their products.
fn is_wrong_key(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::InvalidApiKey
            | Outcome::InactiveApiKey
            | Outcome::InvalidLicenseKey
            | Outcome::DownloadNotPermitted
            | Outcome::LicenseNotAssignable
            | Outcome::DeleteLicenseNotFound
            | Outcome::UpdateLicenseNotFound
            | Outcome::ContractLicenseNotFound
            | Outcome::OwnContractNotFound
    )
}

/// How a license key stands to the identifier that came with it.
enum Standing {
    Unknown,
    Known,
    Active,
}

fn standing(tx: &Tx<'_>, license_key: &str, params: &Params) -> std::result::Result<Standing, store::Error> {
    let Ok(license_key) = LicenseKey::parse(license_key) else { return Ok(Standing::Unknown) };
    let Some(license) = tx.license_by_key(&license_key)? else { return Ok(Standing::Unknown) };
    let identifier = params.text("identifier").and_then(|text| Identifier::parse(&text).ok());
    let is_active = identifier.map_or(Ok(false), |identifier| tx.is_activated(license.id, &identifier))?;
    Ok(if is_active { Standing::Active } else { Standing::Known })
}
