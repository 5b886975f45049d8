//! The scenarios that every engine must pass, one for each kind of record. Each runs in an empty database.

mod activity;
mod batches;
mod catalog;
mod customers;
mod licenses;
mod records;

use crate::domain::{LicenseKey, LicenseStatus, NewLicense, NewProduct, ProductStatus, Timestamp};
use crate::store::Tx;

const NOW: Timestamp = Timestamp(1_700_000_000);
const LATER: Timestamp = Timestamp(1_700_000_060);

type Scenario = fn(&Tx<'_>);

pub const ALL: [(&str, Scenario); 20] = [
    ("products", catalog::products),
    ("metadata", catalog::metadata),
    ("licenses", licenses::licenses),
    ("lists of licenses", licenses::lists_of_licenses),
    ("notes of licenses", licenses::notes),
    ("finding licenses", licenses::finding_licenses),
    ("many licenses", batches::many_licenses),
    ("activations", licenses::activations),
    ("contracts", licenses::contracts),
    ("customers", customers::customers),
    ("erasure", customers::erasure),
    ("generators and downloadables", catalog::generators_and_downloadables),
    ("API keys and blocks", records::api_keys_and_blocks),
    ("signing keys", catalog::signing_keys),
    ("jobs and webhooks", records::jobs_and_webhooks),
    ("telemetry", records::telemetry),
    ("refusals", activity::refusals),
    ("usage", activity::usage),
    ("last-seen times", activity::last_seen),
    ("audit, idempotency and savepoints", records::audit_idempotency_and_savepoints),
];

fn product(tx: &Tx<'_>) -> i64 {
    let product = NewProduct {
        uuid: "0b2a7b8c-1d5e-4f6a-8b9c-0d1e2f3a4b5c".to_owned(),
        name: "Editor".to_owned(),
        description: "An editor".to_owned(),
        status: ProductStatus::Active,
    };
    tx.add_product(&product, NOW).unwrap()
}

fn license_of(product_id: i64, key: &str) -> NewLicense {
    NewLicense {
        product_id,
        license_key: LicenseKey::parse(key).unwrap(),
        owner_name: None,
        owner_email: Some("Jane@example.com".to_owned()),
        activation_limit: 3,
        validity: 365,
        assigned_at: None,
        status: LicenseStatus::Available,
        contract_id: None,
    }
}

fn license(tx: &Tx<'_>, product_id: i64, key: &str) -> i64 {
    tx.add_license(&license_of(product_id, key), NOW).unwrap().unwrap()
}
