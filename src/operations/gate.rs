//! The license gate (API §3.9): the checks between a customer's license key and everything that it permits. Each check
//! is a step; a refusal is the last step that began.

use std::borrow::Cow;

use crate::domain::{
    Identifier, LastSeen, License, LicenseKey, Outcome, Product, ProductStatus, Timestamp, has_free_seat,
};
use crate::store::Tx;
use crate::wire::reply::Result;

/// A step of the gate. Which steps apply, and what the last one refuses with, depends on the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The identifier is not on the blocklist (step G6, API §2.2).
    Blocklist,
    /// Step L1: a license has the key. If the request names a product, the license is of that product.
    LicenseKey,
    /// Step L2: the license's product exists and is active.
    Product,
    /// Step L3: an identifier was sent.
    Identifier,
    /// Step L4.
    NotBlocked,
    /// Step L5.
    Assigned,
    /// Step L6.
    NotExpired,
    /// Step L6 for downloads, which a product may permit after the end of a license.
    NotExpiredForDownloads,
    /// Step L7: the license is active on the identifier.
    Active,
    /// The last step of an activation: a seat is free, or the identifier has one.
    Seat,
}

impl Step {
    /// The name of this value in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocklist => "blocklist",
            Self::LicenseKey => "license_key",
            Self::Product => "product",
            Self::Identifier => "identifier",
            Self::NotBlocked => "not_blocked",
            Self::Assigned => "assigned",
            Self::NotExpired | Self::NotExpiredForDownloads => "not_expired",
            Self::Active => "active",
            Self::Seat => "seat",
        }
    }
}

/// The fields of a request to the gate. Each is read when its step begins, because a field that can't be read refuses
/// the request there.
pub trait Asked {
    fn license_key(&self) -> Result<Option<LicenseKey>>;
    /// The product for which the license must be, if the request names one.
    fn product(&self) -> Result<Option<String>>;
    fn identifier(&self) -> Result<Option<Identifier>>;
}

/// Observes a passage through the gate. An empty method costs nothing.
pub trait Observer {
    /// A step begins: those before it have passed.
    fn begin(&mut self, _step: Step) {}
    fn found_license(&mut self, _license: &License) {}
    fn found_product(&mut self, _product: &Product) {}
    fn found_activation(&mut self, _activation: LastSeen) {}
}

/// The seat of an identifier that may activate a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// The license is active on the identifier already.
    Taken,
    /// The identifier can get a seat.
    Free,
}

/// One request at the gate.
pub struct Gate<'a, A, O> {
    pub tx: &'a Tx<'a>,
    pub now: Timestamp,
    pub asked: A,
    pub observer: O,
}

/// Refuses a request with an identifier that is blocked, or in a blocked domain. This step comes before the endpoint,
/// and for every endpoint.
pub fn check_blocklist<'t>(tx: &Tx<'_>, mut identifiers: impl Iterator<Item = Cow<'t, str>>) -> Result<()> {
    let blocklist = tx.blocklist()?;
    if identifiers.any(|identifier| blocklist.blocks_identifier(&identifier)) {
        return Err(Outcome::AccessDenied.into());
    }
    Ok(())
}

impl<A: Asked, O: Observer> Gate<'_, A, O> {
    /// All steps for an identifier on which the license must be active.
    pub fn usable(&mut self) -> Result<(License, Product)> {
        let (license, product, identifier) = self.identified()?;
        self.assigned(&license)?;
        self.not_expired(&license)?;
        self.active(&license, &identifier, Outcome::NoActivation)?;
        Ok((license, product))
    }

    /// All steps for downloads: like [`Self::usable`], but an expired license passes if its product permits that
    /// (API §4.5).
    pub fn usable_for_downloads(&mut self) -> Result<(License, Identifier)> {
        let (license, product, identifier) = self.identified()?;
        self.assigned(&license)?;
        self.observer.begin(Step::NotExpiredForDownloads);
        license.check_not_expired_for_downloads(&product, self.now)?;
        self.active(&license, &identifier, Outcome::NoActivation)?;
        Ok((license, identifier))
    }

    /// The steps before an activation, without [`Self::seat`].
    pub fn activatable(&mut self) -> Result<(License, Identifier)> {
        let (license, _, identifier) = self.identified()?;
        self.assigned(&license)?;
        self.not_expired(&license)?;
        Ok((license, identifier))
    }

    /// All steps for the end of an activation, which is possible after the end of the license too.
    pub fn deactivatable(&mut self) -> Result<(License, Identifier)> {
        let (license, _, identifier) = self.identified()?;
        self.assigned(&license)?;
        self.active(&license, &identifier, Outcome::LicenseAlreadyInactive)?;
        Ok((license, identifier))
    }

    /// The last step of an activation. An identifier that has a seat needs no other, even at the limit.
    pub fn seat(&mut self, license: &License, identifier: &Identifier) -> Result<Seat> {
        self.observer.begin(Step::Seat);
        if let Some(activation) = self.tx.last_seen(license.id, identifier)? {
            self.observer.found_activation(activation);
            return Ok(Seat::Taken);
        }
        // The cost of counting grows with the number of activations, so they are counted only if there is a limit.
        let limit = license.activation_limit;
        if limit > 0 && !has_free_seat(limit, self.tx.count_activations(license.id)?) {
            return Err(Outcome::ActivationLimitReached.into());
        }
        Ok(Seat::Free)
    }

    /// Steps L1 to L3: the license, its active product, and the identifier.
    pub fn identified(&mut self) -> Result<(License, Product, Identifier)> {
        let (license, product) = self.license_and_product()?;
        self.observer.begin(Step::Identifier);
        let identifier = self.asked.identifier()?.ok_or(Outcome::IdentifierRequired)?;
        Ok((license, product, identifier))
    }

    /// Steps L1 and L2: the license, and its active product.
    pub fn license_and_product(&mut self) -> Result<(License, Product)> {
        let license = self.license()?;
        let product = self.active_product(&license)?;
        Ok((license, product))
    }

    /// Step L1. If the request names a product too, the key of another one is refused like an unknown key.
    pub fn license(&mut self) -> Result<License> {
        self.observer.begin(Step::LicenseKey);
        let license_key = self.asked.license_key()?.ok_or(Outcome::InvalidLicenseKey)?;
        let license = self.tx.license_by_key(&license_key)?.ok_or(Outcome::InvalidLicenseKey)?;
        self.observer.found_license(&license);
        if let Some(reference) = self.asked.product()? {
            // A number is not looked up: that of a deleted product still matches its licenses, which the next step
            // refuses with 203.
            let id = match reference.parse() {
                Ok(id) => Some(id),
                Err(_) => self.tx.product_by_reference(&reference)?.map(|product| product.id),
            };
            id.filter(|id| *id == license.product_id).ok_or(Outcome::InvalidLicenseKey)?;
        }
        Ok(license)
    }

    fn active_product(&mut self, license: &License) -> Result<Product> {
        self.observer.begin(Step::Product);
        let product = self.tx.product(license.product_id)?.ok_or(Outcome::ProductNotActive)?;
        self.observer.found_product(&product);
        match product.status {
            ProductStatus::Active => Ok(product),
            ProductStatus::Inactive => Err(Outcome::ProductNotActive.into()),
        }
    }

    fn assigned(&mut self, license: &License) -> Result<()> {
        self.observer.begin(Step::NotBlocked);
        license.check_not_blocked()?;
        self.observer.begin(Step::Assigned);
        Ok(license.check_assigned()?)
    }

    fn not_expired(&mut self, license: &License) -> Result<()> {
        self.observer.begin(Step::NotExpired);
        Ok(license.check_not_expired(self.now)?)
    }

    fn active(&mut self, license: &License, identifier: &Identifier, inactive: Outcome) -> Result<()> {
        self.observer.begin(Step::Active);
        let activation = self.tx.last_seen(license.id, identifier)?.ok_or(inactive)?;
        self.observer.found_activation(activation);
        Ok(())
    }
}
