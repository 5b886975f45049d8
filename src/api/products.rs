//! Products: creating, changing, deleting, listing and showing them.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::meta;
use super::product_fields::{
    self, CHANGELOG_ENABLED, DESCRIPTION, EXTERNAL_REFERENCE, FEATURES, NAME, REQUIRE_NON_EXPIRED, SLUG,
    SOURCE, STATUS,
};
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::fields::{ONLY_PRODUCT_ID, PRODUCT_ID};
use crate::api::record::{Audience, Record, answer, plain};
use crate::api::sent::Form;
use crate::api::shape::{CREATED_AT, META_DATA, SLUG as SLUG_SHOWN, Shape, UPDATED_AT};
use crate::domain::{MetaEntry, NewProduct, Outcome, Product, ProductStatus};
use crate::operations::LicensesOfDeleted;
use crate::wire::reply::{Reply, Result};

/// `POST /create-product` (API §4.18).
pub const CREATE: Endpoint = Record::new(Audience::Vendor, "Adds a product")
    .says("The global key signs for it until `keyseal signing-key` gives it a key of its own.")
    .takes(&[
        &NAME,
        &DESCRIPTION,
        &SOURCE,
        &REQUIRE_NON_EXPIRED,
        &STATUS,
        &EXTERNAL_REFERENCE,
        &SLUG,
        &CHANGELOG_ENABLED,
        &FEATURES,
    ])
    .answers(&[
        answer(Outcome::ProductCreated, &[("product_id", Shape::Number(1))]),
        answer(
            Outcome::CreateProductIncorrectData,
            &[("errors", Shape::Errors(&[("name", "The name field is required.")]))],
        ),
    ])
    .run(create);

fn create(call: &mut Call<'_>) -> Result {
    let mut form = Form::new(call.sent);
    let change = product_fields::read(call, &mut form, None)?;
    let (true, Some(name), Some(description)) = (form.is_good(), &change.name, &change.description) else {
        return Err(form.refused(Outcome::CreateProductIncorrectData));
    };
    let product = NewProduct {
        uuid: call.new_uuid()?,
        name: name.clone(),
        description: description.clone(),
        status: change.status.unwrap_or(ProductStatus::Active),
    };
    let id = call
        .operation()
        .add_product(&product, &change)
        .map_err(|error| product_fields::refused(&mut form, error, Outcome::CreateProductIncorrectData))?;
    Ok(Reply::from(Outcome::ProductCreated).with("product_id", id))
}

/// `POST /update-product` (API §4.19).
pub const UPDATE: Endpoint = Record::new(Audience::Vendor, "Changes a product")
    .says(
        "Fields that aren't sent keep their values. A blank `external_reference`, `slug` or \
         `features` removes the value.",
    )
    .takes(&[
        &PRODUCT_ID,
        &NAME.optional(),
        &DESCRIPTION.optional(),
        &SOURCE.says(""),
        &REQUIRE_NON_EXPIRED.says("Whether downloads need a license that has not expired."),
        &STATUS.says("Licenses of an inactive product are refused with 203."),
        &EXTERNAL_REFERENCE,
        &SLUG,
        &CHANGELOG_ENABLED.says("Whether everybody may read its changelog."),
        &FEATURES,
    ])
    .answers(&[
        plain(Outcome::ProductUpdated),
        answer(
            Outcome::UpdateProductIncorrectData,
            &[("errors", Shape::Errors(&[("product_id", "The selected product id is invalid.")]))],
        ),
    ])
    .run(update);

fn update(call: &mut Call<'_>) -> Result {
    let mut form = Form::new(call.sent);
    let id = match form.read(PRODUCT_ID) {
        None => {
            form.errors.required(PRODUCT_ID.name());
            None
        }
        Some(reference) => {
            let product = call.tx.product_by_reference(&reference)?;
            if product.is_none() {
                form.errors.invalid(PRODUCT_ID.name());
            }
            product.map(|product| product.id)
        }
    };
    let change = product_fields::read_change(call, &mut form, id)?;
    let (true, Some(id)) = (form.is_good(), id) else {
        return Err(form.refused(Outcome::UpdateProductIncorrectData));
    };
    call.operation()
        .change_product(id, &change)
        .map_err(|error| product_fields::refused(&mut form, error, Outcome::UpdateProductIncorrectData))?;
    Ok(Outcome::ProductUpdated.into())
}

/// `POST /delete-product` (API §4.20).
pub const DELETE: Endpoint =
    Record::new(Audience::Vendor, "Deletes a product with its metadata, generators and downloads")
        .says("Its licenses are kept, and refused with 203.")
        .takes(&[&PRODUCT_ID])
        .answers(&[plain(Outcome::ProductDeleted), plain(Outcome::ProductNotFound)])
        .run(delete);

fn delete(call: &mut Call<'_>) -> Result {
    let product = call.product(Outcome::ProductNotFound)?;
    let refused = |error| product_fields::refused(&mut Form::new(call.sent), error, Outcome::ProductNotFound);
    call.operation().delete_product(&product, LicensesOfDeleted::Stay).map_err(refused)?;
    Ok(Outcome::ProductDeleted.into())
}

/// `GET /get-all-products` (API §4.21).
pub const LIST: Endpoint = Record::new(Audience::Vendor, "Lists all products by id")
    .answers(&[answer(Outcome::AllProducts, &[("products", Shape::List(&Shape::Object(&ROW)))])])
    .run(list);

fn list(call: &mut Call<'_>) -> Result {
    let mut of_product: HashMap<i64, Vec<MetaEntry>> = HashMap::new();
    for (product_id, entry) in call.tx.all_product_meta()? {
        of_product.entry(product_id).or_default().push(entry);
    }
    let with_meta = |product: Product| (of_product.remove(&product.id).unwrap_or_default(), product);
    let rows = call.tx.products()?.into_iter().map(with_meta).collect();
    Ok(Reply::from(Outcome::AllProducts)
        .with_list("products", rows, |(entries, product)| shown(product, &meta::shown(entries))))
}

/// `GET /get-product` (API §5.4).
pub const SHOW: Endpoint = Record::new(Audience::Product, "Shows a product")
    .takes(&[&ONLY_PRODUCT_ID])
    .answers(&[answer(Outcome::ProductInformation, &[("product", PRODUCT)]), plain(Outcome::ProductNotFound)])
    .run(show);

fn show(call: &mut Call<'_>) -> Result {
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    let mut row = shown(&product, &meta::shown(&call.tx.product_meta(product.id)?));
    if let Value::Object(fields) = &mut row {
        let features = features(&product);
        fields.insert("uuid".to_owned(), product.uuid.into());
        fields.insert("slug".to_owned(), product.slug.into());
        fields.insert("features".to_owned(), features);
    }
    Ok(Reply::from(Outcome::ProductInformation).with("product", row))
}

/// The features of a product. The database holds only JSON here.
pub(super) fn features(product: &Product) -> Value {
    serde_json::from_str(&product.features).unwrap_or_default()
}

/// `GET /get-product-public-key` (API §5.7).
pub const PUBLIC_KEY: Endpoint =
    Record::new(Audience::Product, "The public key that verifies a product's answers")
        .says(
            "The product's own key, or the global one if that signs for it. Build it into your \
             software: a key that is fetched over an untrusted network proves nothing.",
        )
        .takes(&[&ONLY_PRODUCT_ID])
        .answers(&[
            answer(
                Outcome::ProductPublicKey,
                &[
                    ("product_uuid", Shape::Text("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")),
                    ("public_key", Shape::Text("-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n")),
                ],
            ),
            plain(Outcome::ProductPublicKeyUnavailable),
            plain(Outcome::ProductNotFound),
        ])
        .run(public_key);

fn public_key(call: &mut Call<'_>) -> Result {
    let product = call.product_or_only(Outcome::ProductNotFound)?;
    let global = call.context.public_keys.global().ok_or(Outcome::ProductPublicKeyUnavailable)?;
    let public_key = match product.signing_key {
        None => global,
        Some(_) => call.tx.product_public_key(product.id)?.ok_or(Outcome::ProductPublicKeyUnavailable)?,
    };
    Ok(Reply::from(Outcome::ProductPublicKey)
        .with("product_uuid", product.uuid)
        .with("public_key", public_key))
}

const ROW: [(&str, Shape); 11] = [
    ("id", Shape::Number(1)),
    ("external_reference", Shape::Text("")),
    ("source", Shape::Word(&["internal", "envato"])),
    ("name", Shape::Text("My product")),
    ("post_url", Shape::Text("")),
    ("description", Shape::Text("What I sell")),
    ("status", Shape::Word(&["active", "inactive"])),
    ("require_non_expired", Shape::Flag),
    CREATED_AT,
    UPDATED_AT,
    META_DATA,
];

const PRODUCT: Shape = Shape::Object(&[
    ROW[0],
    ROW[1],
    ROW[2],
    ROW[3],
    ROW[4],
    ROW[5],
    ROW[6],
    ROW[7],
    ROW[8],
    ROW[9],
    ROW[10],
    ("uuid", Shape::Text("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")),
    ("slug", SLUG_SHOWN),
    ("features", Shape::Json(r#"["updates"]"#)),
]);

/// Converts a product to the JSON of lists.
fn shown(product: &Product, meta_data: &Value) -> Value {
    json!({
        "id": product.id,
        "external_reference": product.external_reference,
        "source": product.source.as_str(),
        "name": product.name,
        "post_url": product.post_url,
        "description": product.description,
        "status": product.status.as_str(),
        "require_non_expired": i64::from(product.require_non_expired),
        "created_at": product.created_at.to_iso(),
        "updated_at": product.updated_at.to_iso(),
        "meta_data": meta_data,
    })
}
