//! What there is to say of each endpoint: a file per noun, as in `api`.

mod activations;
mod anyone;
mod assignments;
mod contracts;
mod downloads;
mod generators;
mod license_meta;
mod licenses;
mod own_contract;
mod product_meta;
mod products;
mod telemetry;

pub use anyone::PRODUCT_CHANGELOG;
pub use downloads::DOWNLOAD;

use super::Endpoint;
use super::shape::Shape;
use crate::domain::Outcome::{self, *};

/// All endpoints, those that are mounted beside the route table included.
pub fn all() -> impl Iterator<Item = &'static Endpoint> {
    [
        activations::ENDPOINTS,
        assignments::ENDPOINTS,
        licenses::ENDPOINTS,
        license_meta::ENDPOINTS,
        products::ENDPOINTS,
        product_meta::ENDPOINTS,
        generators::ENDPOINTS,
        telemetry::ENDPOINTS,
        contracts::ENDPOINTS,
        own_contract::ENDPOINTS,
        downloads::ENDPOINTS,
        anyone::ENDPOINTS,
    ]
    .into_iter()
    .flatten()
}

/// What any call by a license key and an identifier can be refused with, in the order in which it is checked
/// (API §3.9).
const LICENSE_GATE: &[Outcome] = &[
    InvalidLicenseKey,
    ProductNotActive,
    IdentifierRequired,
    LicenseBlocked,
    LicenseNotAssigned,
    LicenseExpired,
    NoActivation,
];

/// The same without what asks for an activation.
const LICENSE_GATE_TO_ACTIVATE: &[Outcome] = &[
    InvalidLicenseKey,
    ProductNotActive,
    IdentifierRequired,
    LicenseBlocked,
    LicenseNotAssigned,
    LicenseExpired,
];

const CREATED_AT: (&str, Shape) = ("created_at", Shape::Text("2026-02-27T03:05:31.000000Z"));
const UPDATED_AT: (&str, Shape) = ("updated_at", Shape::Text("2026-02-27T03:05:31.000000Z"));
const META_DATA: (&str, Shape) = ("meta_data", META_ENTRIES);
const META_ENTRIES: Shape =
    Shape::List(&Shape::Object(&[("key", Shape::Text("color")), ("value", Shape::Text("green"))]));
const OWNED_BY: [(&str, Shape); 2] = [
    ("owner_name", Shape::Nullable(&Shape::Text("Jane Doe"))),
    ("owner_email", Shape::Nullable(&Shape::Text("jane@example.com"))),
];
const ASSIGNED_AT: (&str, Shape) = ("assigned_at", Shape::Nullable(&Shape::Text("2026-02-27 03:05:31")));
const LICENSE_STATUS: (&str, Shape) = ("status", Shape::Word(LICENSE_STATUSES));
const LICENSE_STATUSES: &[&str] = &["assigned", "available", "reserved", "blocked"];
const LICENSE_KEYS: Shape = Shape::List(&Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222"));
