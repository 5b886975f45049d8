//! Generators, and the license keys that they make.

use serde_json::{Value, json};

use super::license_fields;
use crate::api::call::Call;
use crate::domain::{Generator, License, MAX_QUANTITY, NewLicense, Outcome, Recipe};
use crate::wire::field_errors::FieldErrors;
use crate::wire::reply::{Error, Reply, Result};

/// `GET /get-all-generators` (API §4.25): optionally `product_id`. Answers under `products`, as the original does.
pub fn list(call: &mut Call<'_>) -> Result {
    let product_id = match call.params.text("product_id") {
        None => None,
        // A product that isn't there has no generators; no product has the id 0.
        Some(reference) => {
            Some(call.tx.product_by_reference(reference.trim())?.map_or(0, |product| product.id))
        }
    };
    Ok(Reply::from(Outcome::AllGenerators).with_list("products", call.tx.generators(product_id)?, value))
}

fn value(generator: &Generator) -> Value {
    let recipe = &generator.recipe;
    json!({
        "id": generator.id,
        "product_id": generator.product_id,
        "method": recipe.method.as_str(),
        "prefix": recipe.prefix,
        "suffix": recipe.suffix,
        "function_name": recipe.template,
        "number_of_chunks": recipe.number_of_chunks,
        "chunk_length": recipe.chunk_length,
        "activation_limit": recipe.activation_limit,
        "validity": recipe.validity,
        "status": i64::from(generator.active),
        "charset": recipe.charset,
        "created_at": generator.created_at.to_iso(),
        "updated_at": generator.updated_at.to_iso(),
    })
}

/// `POST /generate` (API §4.26): `generator_id`, `quantity` (1 to 1000), and optionally an
/// `activation_limit` and a `validity` that differ from the generator's. Answers the new keys, which are in
/// the pool.
pub fn generate(call: &mut Call<'_>) -> Result {
    let mut generator = call.generator(Outcome::GeneratorNotFound)?;
    if let Some(product) = call.tx.product(generator.product_id)? {
        call.sign_with(&product);
    }
    let quantity = ordered(call, &mut generator.recipe)?;
    let licenses = add_licenses(call, &generator, quantity, |license| license)?;
    let keys: Vec<Value> = licenses.into_iter().map(|license| license.license_key.into()).collect();
    Ok(Reply::from(Outcome::LicenseKeysGenerated).with("licenseKeys", keys))
}

/// How many are wanted, and what they are to be worth if it isn't the generator's own.
fn ordered(call: &Call<'_>, recipe: &mut Recipe) -> Result<i64> {
    let mut errors = FieldErrors::default();
    let quantity = call.params.integer("quantity");
    match quantity {
        None => errors.required("quantity"),
        Some(Ok(1..=MAX_QUANTITY)) => {}
        Some(_) => errors.must("quantity", &format!("be between 1 and {MAX_QUANTITY}")),
    }
    let terms = license_fields::ordered(call.params, &mut errors);
    recipe.activation_limit = terms.activation_limit.unwrap_or(recipe.activation_limit);
    recipe.validity = terms.validity.unwrap_or(recipe.validity);
    match quantity {
        Some(Ok(quantity)) if errors.is_empty() => Ok(quantity),
        _ => Err(Reply::from(Outcome::CreateLicenseIncorrectData).with("errors", errors.lists()).into()),
    }
}

/// Makes and keeps that many new licenses; `settle` makes of each, which is in the pool, what it is to be
/// instead. All or none: a generator that finds no new key in a few attempts is a failure.
pub fn add_licenses(
    call: &Call<'_>,
    generator: &Generator,
    quantity: i64,
    settle: impl Fn(NewLicense) -> NewLicense,
) -> Result<Vec<License>> {
    let pattern = generator.recipe.pattern().map_err(Error::from)?;
    let mut random = |bytes: &mut [u8]| call.context.config.randomness.fill(bytes);
    let add = |license_key| {
        let license = settle(generator.recipe.license(generator.product_id, license_key));
        let id = call.tx.add_license(&license, call.now)?;
        Ok::<_, Error>(id.map(|id| license.with_id(id, call.now)))
    };
    (0..quantity).map(|_| pattern.new_key(&mut random, add)).collect()
}
