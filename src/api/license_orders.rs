//! Orders for license keys, which newer clients send to create-license-keys: one for each key that a generator makes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use serde_json::Value;

use super::license_fields::{self, ACTIVATION_LIMIT, LICENSES, VALIDITY};
use crate::api::call::Call;
use crate::api::field::Described;
use crate::api::fields::{GENERATOR_ID, OWNER_EMAIL, OWNER_NAME, PRODUCT_ID};
use crate::api::sent::{Form, Sent};
use crate::domain::{Generator, LicenseChange, LicenseStatus, NewLicense, Outcome, Pattern};
use crate::operations::generate;
use crate::wire::field_errors::{Fault, FieldErrors};
use crate::wire::params::Params;
use crate::wire::reply::{Error, Reply, Result};

/// The fields of one order.
const OF_ORDER: &[&dyn Described] =
    &[&PRODUCT_ID, &GENERATOR_ID, &OWNER_NAME, &OWNER_EMAIL, &ACTIVATION_LIMIT, &VALIDITY];

/// `POST /create-license-keys` with `licenses` (API §4.10): all or none. Fields beside `licenses` count for each order
/// that does not have them. The license of an order with an `owner_email` is assigned, the others go into the pool.
/// Signed by the product if there is only one.
pub fn carry_out(call: &mut Call<'_>) -> Result {
    let orders = orders(call)?;
    let defaults = defaults(call)?;
    let mut product_id = None;
    let mut sources = HashMap::new();
    let mut wanted = Vec::with_capacity(orders.len());
    for (place, order) in (1..).zip(orders) {
        let (source, terms) = read(call, order, place, &defaults, &mut sources)?;
        sign(call, source.generator.product_id, &mut product_id)?;
        wanted.push((source, terms));
    }
    let randomness = call.context.randomness;
    let licenses = call.operation().add_each(&wanted, |(source, terms)| {
        let license = generate::new_license(
            source.generator.product_id,
            &source.generator.recipe,
            &source.pattern,
            randomness,
        )?;
        Ok::<_, Error>(settled(call, license, terms))
    })?;
    let keys: Vec<Value> = licenses.into_iter().map(|license| license.license_key.into()).collect();
    if keys.is_empty() {
        return Err(Outcome::NoLicenseKeysCreated.into());
    }
    Ok(Reply::from(Outcome::LicenseKeysCreated)
        .with("created", keys.len())
        .with("duplicate", 0)
        .with("license_keys", keys))
}

fn orders(call: &Call<'_>) -> Result<Vec<Value>> {
    let mut form = Form::new(call.sent);
    if !form.sent.is_filled(&LICENSES) {
        form.errors.fault(LICENSES.name(), Fault::NoList);
    }
    form.read(LICENSES).ok_or_else(|| form.refused(Outcome::CreateLicenseIncorrectData))
}

/// Reads an order: the generator of its key, and the terms of its license.
fn read(
    call: &Call<'_>,
    order: Value,
    place: usize,
    defaults: &Defaults,
    sources: &mut Sources,
) -> Result<(Rc<Source>, LicenseChange)> {
    let params = Params::from_object(order).unwrap_or_default();
    let mut form = Form::new(Sent::new(&params, OF_ORDER));
    let source = match references(&form.sent) {
        Ok(order) => source(call, order.or(&defaults.references), sources)?,
        Err(_) => None,
    };
    if source.is_none() {
        let message = "There is no such product, or no such active generator of it.";
        form.errors.add(GENERATOR_ID.name(), message);
    }
    let terms = license_fields::ordered(&mut form);
    match source {
        Some(source) if form.is_good() => Ok((source, terms.or(&defaults.terms))),
        _ => Err(refused(place, &form.errors)),
    }
}

/// What the request says beside its orders: it counts for each order that does not say otherwise.
struct Defaults {
    references: References,
    terms: LicenseChange,
}

fn defaults(call: &Call<'_>) -> Result<Defaults> {
    let mut form = Form::new(call.sent);
    let references = References { product: form.read(PRODUCT_ID), generator: form.read(GENERATOR_ID) };
    let terms = license_fields::ordered(&mut form);
    if form.is_good() {
        Ok(Defaults { references, terms })
    } else {
        Err(form.refused(Outcome::CreateLicenseIncorrectData))
    }
}

/// The product and the generator that an order names.
#[derive(Clone, PartialEq, Eq, Hash)]
struct References {
    product: Option<String>,
    generator: Option<String>,
}

impl References {
    /// These, or the defaults if the order names neither. They are not mixed: the generator of the defaults may be of
    /// another product than the one that the order names.
    fn or(self, defaults: &Self) -> Self {
        if self.product.is_none() && self.generator.is_none() { defaults.clone() } else { self }
    }
}

fn references(order: &Sent<'_>) -> std::result::Result<References, Fault> {
    Ok(References { product: order.read(PRODUCT_ID)?, generator: order.read(GENERATOR_ID)? })
}

/// A generator, and the parts of its keys.
struct Source {
    generator: Generator,
    pattern: Pattern,
}

/// The generators of the orders so far: most requests order all their keys from one.
type Sources = HashMap<References, Rc<Source>>;

/// The generator of an order, which is looked up once in a request.
fn source(call: &Call<'_>, order: References, sources: &mut Sources) -> Result<Option<Rc<Source>>> {
    Ok(match sources.entry(order) {
        Entry::Occupied(known) => Some(Rc::clone(known.get())),
        Entry::Vacant(new) => match look_up(call, new.key())? {
            Some(generator) => {
                let pattern = generator.recipe.pattern()?;
                Some(Rc::clone(new.insert(Rc::new(Source { generator, pattern }))))
            }
            None => None,
        },
    })
}

/// The active generator in the order, which must be of the product in it; or that product's own generator.
fn look_up(call: &Call<'_>, order: &References) -> Result<Option<Generator>> {
    let product = match &order.product {
        None => None,
        Some(reference) => match call.tx.product_by_reference(reference)? {
            None => return Ok(None),
            product => product,
        },
    };
    let generator = match (&order.generator, &product) {
        (Some(reference), _) => call.tx.generator_by_reference(reference)?,
        (None, Some(product)) => call.tx.active_generator_of_product(product.id)?,
        (None, None) => None,
    };
    Ok(generator.filter(|generator| {
        generator.active && product.is_none_or(|product| product.id == generator.product_id)
    }))
}

fn settled(call: &Call<'_>, license: NewLicense, terms: &LicenseChange) -> NewLicense {
    let is_assigned = terms.owner_email.is_some();
    NewLicense {
        owner_name: terms.owner_name.clone(),
        owner_email: terms.owner_email.clone(),
        activation_limit: terms.activation_limit.unwrap_or(license.activation_limit),
        validity: terms.validity.unwrap_or(license.validity),
        assigned_at: is_assigned.then_some(call.now),
        status: if is_assigned { LicenseStatus::Assigned } else { license.status },
        ..license
    }
}

/// Makes the key of the product sign the answer, or the global key if the orders are for several products.
fn sign(call: &mut Call<'_>, product_id: i64, first: &mut Option<i64>) -> Result<()> {
    match *first {
        None => {
            *first = Some(product_id);
            call.sign_for_product(product_id)?;
        }
        Some(first) if first == product_id => {}
        Some(_) => call.signing_product = None,
    }
    Ok(())
}

/// Makes the refusal of a request that reports the errors of one order.
fn refused(place: usize, errors: &FieldErrors) -> Error {
    let mut of_list = FieldErrors::default();
    for message in errors.messages() {
        of_list.add(LICENSES.name(), format!("Item {place}: {message}"));
    }
    Reply::from(Outcome::CreateLicenseIncorrectData).with("errors", of_list.lists()).into()
}
