//! The fields that many endpoints take.

use super::field::Field;
use crate::domain::{Identifier, LicenseKey, MAX_META_VALUE, MAX_OWNER, MAX_QUANTITY, MetaKey};

pub const LICENSE_KEY: Field<LicenseKey> =
    Field::license_key("license_key", "3a343c8a-38fe-4b6e-ad77-2222222")
        .says(
            "Compared without regard to case and outer spaces. If no license has it, it is looked up once more without \
             inner spaces and invisible characters, and with `-` for other dashes.",
        )
        .required();
pub const IDENTIFIER: Field<Identifier> = Field::identifier("identifier", "domain.ltd")
    .says(
        "Where the license is used: a domain, a device, or anything else that stays the same. \
         Compared without regard to case and outer spaces, and not taken apart: \
         `https://www.example.com/`, `www.example.com` and `example.com` are three. Send one form always.",
    )
    .required();
pub const PRODUCT_ID: Field<String> = Field::reference("product_id", "1")
    .says("The product: its id, its uuid, its slug or its name.")
    .required();
/// The product of a license, for endpoints that check it if it is sent (API §3.9).
pub const OF_PRODUCT: Field<String> = PRODUCT_ID.optional().says(
    "The product that the license key must be for: its id, its uuid, its slug or its name. The key of another \
     product is answered with 210.",
);
/// The product, for endpoints that work without it if there is only one: many of their clients can't send it.
pub const ONLY_PRODUCT_ID: Field<String> = PRODUCT_ID.optional().says(
    "The product: its id, its uuid, its slug or its name. May be left out if there is only one product.",
);
pub const GENERATOR_ID: Field<String> =
    Field::reference("generator_id", "1").says("An active generator: its id or its uuid.").required();
pub const CONTRACT_ID: Field<String> =
    Field::reference("contract_id", "1").says("The contract: its id or its uuid.").required();
pub const OWNER_NAME: Field<String> =
    Field::text("owner_name", MAX_OWNER, "Jane Doe").says("The name of the license's owner.");
pub const OWNER_EMAIL: Field<String> = Field::text("owner_email", MAX_OWNER, "jane@example.com")
    .says("The email address of the license's owner.");
pub const META_KEY: Field<MetaKey> = Field::meta_key("key", "color")
    .says("The name of the entry. Compared without regard to case and outer spaces.")
    .required();
pub const META_VALUE: Field<String> = Field::text_or_json("value", MAX_META_VALUE, "green")
    .says("Stored exactly as it was sent; JSON that isn't a string is stored as its compact text.")
    .required();
pub const QUANTITY: Field<i64> =
    Field::number("quantity", 1, MAX_QUANTITY, "2").says("Number of license keys.").required();
pub const PAGE: Field<i64> = Field::number("page", 1, i64::MAX, "1").says("From 1; 1 by default.");
