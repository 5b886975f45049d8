//! Generators, and the license keys that they make.

use serde_json::{Value, json};

use super::license_fields::{self, ACTIVATION_LIMIT, INCORRECT, VALIDITY};
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::fields::{GENERATOR_ID, PRODUCT_ID, QUANTITY};
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::sent::Form;
use crate::api::shape::{CREATED_AT, LICENSE_KEYS, Shape, UPDATED_AT};
use crate::domain::{Generator, MAX_QUANTITY, Outcome, Recipe};
use crate::wire::reply::{Reply, Result};

/// `GET /get-all-generators` (API §4.25).
pub const LIST: Endpoint = Record::new(Audience::Vendor, "Lists generators by id")
    .says(
        "The list is called `products`, as in the original. `keyseal generator` creates \
         generators.",
    )
    .takes(&[&PRODUCT_ID
        .optional()
        .says("Only generators of this product: its id, its uuid, its slug or its name.")])
    .answers(&[answer(Outcome::AllGenerators, &[("products", Shape::List(&ROW))])])
    .run(list);

fn list(call: &mut Call<'_>) -> Result {
    let product_id = match call.get(PRODUCT_ID)? {
        None => None,
        // A product that isn't there has no generators; no product has the id 0.
        Some(reference) => Some(call.tx.product_by_reference(&reference)?.map_or(0, |product| product.id)),
    };
    Ok(Reply::from(Outcome::AllGenerators).with_list("products", call.tx.generators(product_id)?, value))
}

const ROW: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("product_id", Shape::Number(1)),
    ("method", Shape::Word(&["chunk-system", "uuid", "custom"])),
    ("prefix", Shape::Text("MY-")),
    ("suffix", Shape::Text("")),
    ("function_name", Shape::Text("")),
    ("number_of_chunks", Shape::Number(4)),
    ("chunk_length", Shape::Number(4)),
    ("activation_limit", Shape::Number(1)),
    ("validity", Shape::Number(365)),
    ("status", Shape::Flag),
    ("charset", Shape::Text("0123456789ABCDEF")),
    CREATED_AT,
    UPDATED_AT,
]);

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

/// `POST /generate` (API §4.26).
pub const GENERATE: Endpoint =
    Record::new(Audience::Vendor, "Makes new license keys, which can be assigned at random")
        .takes(&[
            &GENERATOR_ID,
            &QUANTITY,
            &ACTIVATION_LIMIT.optional().says("Replaces the generator's limit; 0 or -1: unlimited."),
            &VALIDITY.optional().says("Replaces the generator's validity, in days; 0: never expires."),
        ])
        .answers(&[
            answer(Outcome::LicenseKeysGenerated, &[("licenseKeys", LICENSE_KEYS)]),
            plain(Outcome::GeneratorNotFound),
            answer(Outcome::CreateLicenseIncorrectData, INCORRECT),
        ])
        .run(generate);

fn generate(call: &mut Call<'_>) -> Result {
    let mut generator = call.generator(Outcome::GeneratorNotFound)?;
    call.sign_for_product(generator.product_id)?;
    let quantity = ordered(call, &mut generator.recipe)?;
    let licenses = call.generate(&generator, quantity, |license| license)?;
    let keys: Vec<Value> = licenses.into_iter().map(|license| license.license_key.into()).collect();
    Ok(Reply::from(Outcome::LicenseKeysGenerated).with("licenseKeys", keys))
}

/// Reads the number of license keys to make, and the limits that replace the generator's in `recipe`.
fn ordered(call: &Call<'_>, recipe: &mut Recipe) -> Result<i64> {
    let mut form = Form::new(call.sent);
    let quantity = form.sent.read(QUANTITY);
    match quantity {
        Ok(Some(_)) => {}
        Ok(None) => form.errors.required(QUANTITY.name()),
        Err(_) => form.errors.must(QUANTITY.name(), &format!("be between 1 and {MAX_QUANTITY}")),
    }
    let terms = license_fields::limits(&mut form);
    recipe.activation_limit = terms.activation_limit.unwrap_or(recipe.activation_limit);
    recipe.validity = terms.validity.unwrap_or(recipe.validity);
    match quantity {
        Ok(Some(quantity)) if form.is_good() => Ok(quantity),
        _ => Err(form.refused(Outcome::CreateLicenseIncorrectData)),
    }
}
