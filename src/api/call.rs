//! The input of an endpoint, and the look-ups that many endpoints share.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use super::field::Field;
use super::fields::{GENERATOR_ID, IDENTIFIER, LICENSE_KEY, OF_PRODUCT, PRODUCT_ID};
use super::record::Record;
use super::sent::Sent;
use crate::domain::{
    ApiKeySecret, CallerId, Generator, Identifier, LastSeen, License, LicenseKey, NewLicense, Outcome,
    Product, ProductKey, Timestamp,
};
use crate::operations::Operation;
use crate::operations::gate::{Asked, Gate, Observer};
use crate::random::Randomness;
use crate::store::Tx;
use crate::wire::params::Params;
use crate::wire::reply::Result;

/// An authorized request in its transaction: the whole input of an endpoint.
pub struct Call<'a> {
    pub tx: &'a Tx<'a>,
    pub sent: Sent<'a>,
    pub context: RequestContext<'a>,
    /// The time when the request arrived. Endpoints never read the clock.
    pub now: Timestamp,
    /// The key of the product that was found, if it has one of its own. It signs the outcomes that products sign,
    /// also when the endpoint returns early.
    pub signing_product: Option<ProductKey>,
    /// The fingerprint of the order that the request queued, if it may be sent again.
    pub order_fingerprint: Option<[u8; 32]>,
    pub found: Found,
}

/// The rows that an endpoint has found, also if it returned early: for what is remembered about its request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub product_id: Option<i64>,
    pub license_id: Option<i64>,
    /// The activation that the request passed the license gate on.
    pub activation: Option<LastSeen>,
}

/// The caller of an endpoint, and the facts about the server that endpoints use.
#[derive(Clone, Copy)]
pub struct RequestContext<'a> {
    pub address: IpAddr,
    pub caller: CallerId,
    /// The text of the API key, for download links. Only endpoints that run inline have it.
    pub api_key: Option<&'a ApiKeySecret>,
    /// Whether the request has an `Idempotency-Key`, by which repetitions of it are recognised.
    pub has_idempotency_key: bool,
    pub public_url: &'a dyn PublicUrl,
    /// Whether this server shows changelogs at all.
    pub shows_changelogs: bool,
    /// The delay from the commit to the first attempt of a webhook.
    pub delivery_delay: Duration,
    pub randomness: &'a Randomness,
    pub public_keys: &'a dyn PublicKeys,
    pub lost_orders: &'a dyn LostOrders,
}

/// The server's address as its clients reach it. It is made only for an endpoint that asks.
pub trait PublicUrl {
    fn public_url(&self) -> Cow<'_, str>;
}

/// The queued orders whose answers never reached their senders.
pub trait LostOrders {
    /// Whether the order with this fingerprint is one of them. From then on it isn't: one repeat was taken for it.
    fn take(&self, fingerprint: &[u8; 32]) -> bool;
}

/// The public keys of a server.
pub trait PublicKeys {
    /// The public half of the global key, as PEM; `None`: the server signs nothing.
    fn global(&self) -> Option<String>;
}

impl RequestContext<'_> {
    /// The contract whose key was the request's only credential (API §4.33).
    pub fn contract_id(&self) -> Option<i64> {
        match self.caller {
            CallerId::Contract(id) => Some(id),
            CallerId::ApiKey(_) | CallerId::CommandLine => None,
        }
    }
}

impl<'a> Call<'a> {
    /// Creates the call of an endpoint, which may read only the fields that its `record` lists.
    pub fn new(
        tx: &'a Tx<'a>,
        params: &'a Params,
        record: &'static Record,
        context: RequestContext<'a>,
        now: Timestamp,
    ) -> Self {
        Self {
            tx,
            sent: Sent::new(params, record.fields),
            context,
            now,
            signing_product: None,
            order_fingerprint: None,
            found: Found::default(),
        }
    }

    /// Reads a field. `None`: it is absent or blank. A field that can't be read is refused by its name: 1913 over its
    /// limit, else 1902 (API §0.4, item 8).
    pub fn get<T>(&self, field: Field<T>) -> Result<Option<T>> {
        self.sent.get(field)
    }

    /// Reads a field that must be there; `missing` if it is absent or blank.
    pub fn require<T>(&self, field: Field<T>, missing: Outcome) -> Result<T> {
        self.get(field)?.ok_or_else(|| missing.into())
    }

    /// The license gate for this request. The product that it finds signs the answer from then on.
    pub fn gate(&mut self) -> Gate<'_, Sent<'a>, Noting<'_>> {
        Gate { tx: self.tx, now: self.now, asked: self.sent, observer: self.noting() }
    }

    fn noting(&mut self) -> Noting<'_> {
        Noting { signing_product: &mut self.signing_product, found: &mut self.found }
    }

    /// A new random UUID.
    pub fn new_uuid(&self) -> Result<String> {
        Ok(self.context.randomness.uuid()?)
    }

    /// Finds the product that the request names by id, uuid, slug or name. From then on, its key signs the answer.
    pub fn product(&mut self, not_found: Outcome) -> Result<Product> {
        let reference = self.require(PRODUCT_ID, not_found)?;
        let product = self.tx.product_by_reference(&reference)?.ok_or(not_found)?;
        self.sign_with(&product);
        Ok(product)
    }

    /// Like [`Self::product`], but without a `product_id` returns the only product that exists, because many clients
    /// of these endpoints can't send it (API §5.4).
    pub fn product_or_only(&mut self, not_found: Outcome) -> Result<Product> {
        if self.get(PRODUCT_ID)?.is_some() {
            return self.product(not_found);
        }
        let product = self.tx.only_product()?.ok_or(not_found)?;
        self.sign_with(&product);
        Ok(product)
    }

    /// Finds the active generator that the request names by id or uuid.
    pub fn generator(&self, not_found: Outcome) -> Result<Generator> {
        let reference = self.require(GENERATOR_ID, not_found)?;
        let generator = self.tx.generator_by_reference(&reference)?;
        generator.filter(|generator| generator.active).ok_or_else(|| not_found.into())
    }

    /// Makes the product's own key, if it has one, sign the outcomes that product keys sign.
    pub fn sign_with(&mut self, product: &Product) {
        self.noting().found_product(product);
    }

    /// Like [`Self::sign_with`], for the product with this id. If it was deleted, the global key signs.
    pub fn sign_for_product(&mut self, product_id: i64) -> Result<()> {
        if let Some(product) = self.tx.product(product_id)? {
            self.sign_with(&product);
        }
        Ok(())
    }

    /// Finds the license by the key in the request. Refuses with `unknown` if there is none.
    pub fn license(&self, unknown: Outcome) -> Result<License> {
        let license_key = self.require(LICENSE_KEY, unknown)?;
        self.tx.license_by_key(&license_key)?.ok_or_else(|| unknown.into())
    }

    /// The license that the request names, in any state, also of a deleted product. The key of its product signs the
    /// answer.
    pub fn any_license(&mut self) -> Result<License> {
        let license = self.gate().license()?;
        self.sign_for_product(license.product_id)?;
        Ok(license)
    }

    /// Makes licenses by a generator, all or none.
    pub fn generate(
        &self,
        generator: &Generator,
        quantity: i64,
        settle: impl Fn(NewLicense) -> NewLicense,
    ) -> Result<Vec<License>> {
        let Generator { product_id, recipe, .. } = generator;
        self.operation().generate(*product_id, recipe, quantity, self.context.randomness, settle)
    }

    /// The operations on licenses, in the request's transaction.
    pub fn operation(&self) -> Operation<'_> {
        Operation { tx: self.tx, now: self.now, delivery_delay: self.context.delivery_delay }
    }
}

/// Notes what the license gate finds. The product's key signs the answer.
pub struct Noting<'a> {
    signing_product: &'a mut Option<ProductKey>,
    found: &'a mut Found,
}

impl Observer for Noting<'_> {
    fn found_license(&mut self, license: &License) {
        self.found.license_id = Some(license.id);
    }

    fn found_product(&mut self, product: &Product) {
        *self.signing_product = product.own_key();
        self.found.product_id = Some(product.id);
    }

    fn found_activation(&mut self, activation: LastSeen) {
        self.found.activation = Some(activation);
    }
}

impl Asked for Sent<'_> {
    fn license_key(&self) -> Result<Option<LicenseKey>> {
        self.get(LICENSE_KEY)
    }

    fn product(&self) -> Result<Option<String>> {
        // A download link names no product.
        if self.describes(&OF_PRODUCT) { self.get(OF_PRODUCT) } else { Ok(None) }
    }

    fn identifier(&self) -> Result<Option<Identifier>> {
        self.get(IDENTIFIER)
    }
}
