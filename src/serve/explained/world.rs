//! A generated world of licenses, products and blocks, and the requests of its customers.

use fastrand::Rng;

use crate::domain::{
    Block, Fingerprint, Identifier, LicenseKey, LicenseStatus, NewLicense, NewProduct, ProductChange,
    ProductStatus, Timestamp,
};
use crate::operations::explain::{ForIdentifier, GateEndpoint, Question};
use crate::store::Tx;
use crate::wire::params::Params;

pub const NOW: Timestamp = Timestamp(1_800_000_000);
const LICENSES: i64 = 60;
const DAY: i64 = 86_400;
const IDENTIFIERS: [&str; 9] = [
    "pc",
    " PC ",
    "laptop",
    "shop.example",
    "https://shop.example/",
    "hwid-1",
    " HWID-1 ",
    "pirate.example",
    "https://www.Pirate.example:8443/x",
];

/// A request of a customer: the fields as they are sent, and the same as a question.
pub struct Request {
    pub params: Params,
    pub question: Question,
    pub at: Timestamp,
}

pub fn make_world(tx: &Tx<'_>) {
    for number in 1..=3 {
        let name = format!("Product {number}");
        let product = NewProduct { uuid: format!("uuid-{number}"), name, ..NewProduct::sample() };
        let id = tx.add_product(&product, NOW).unwrap();
        let change = ProductChange { slug: Some(format!("slug-{number}")), ..ProductChange::default() };
        tx.change_product(id, &change, NOW).unwrap();
    }
    for id in [1, 2] {
        let fingerprint = Fingerprint(format!("fingerprint-{id}").into());
        assert!(tx.set_product_signing_key(id, &fingerprint, "pem", NOW).unwrap());
    }
    for number in 1..=LICENSES {
        tx.add_license(&NewLicense::sample(1, &format!("KEY-{number}")), NOW).unwrap().unwrap();
    }
    tx.add_block(&Block::parse_domain("pirate.example").unwrap(), NOW).unwrap();
    tx.add_block(&Block::parse_identifier("hwid-1").unwrap(), NOW).unwrap();
}

/// Changes a license or a product at random.
pub fn change_world(tx: &Tx<'_>, random: &mut Rng) {
    let before = tx.license(random.i64(1..=LICENSES)).unwrap().unwrap();
    let mut license = before.clone();
    license.status = match random.u8(0..8) {
        0 => LicenseStatus::Blocked,
        1 => LicenseStatus::Available,
        2 => LicenseStatus::Reserved,
        _ => LicenseStatus::Assigned,
    };
    license.validity = if random.bool() { 0 } else { random.i64(1..400) };
    license.assigned_at = (random.u8(0..5) > 0).then(|| NOW.plus_days(-random.i64(0..500)));
    license.activation_limit = random.i64(0..3);
    license.product_id = if random.u8(0..20) == 0 { 99 } else { random.i64(1..=3) };
    tx.change_license(&before, &license, "changed", NOW).unwrap();
    if random.u8(0..4) == 0 {
        let is_inactive = random.u8(0..5) == 0;
        let change = ProductChange {
            status: Some(if is_inactive { ProductStatus::Inactive } else { ProductStatus::Active }),
            require_non_expired: Some(random.bool()),
            ..ProductChange::default()
        };
        tx.change_product(random.i64(1..=3), &change, NOW).unwrap();
    }
}

pub fn request(tx: &Tx<'_>, random: &mut Rng) -> Request {
    let number = random.i64(1..=LICENSES);
    let license_key = match random.u8(0..20) {
        0 => None,
        1 => Some("UNKNOWN".to_owned()),
        2 => Some(format!(" key\u{2011}{number} ")),
        3 => Some(format!("key-{number}")),
        _ => Some(format!("KEY-{number}")),
    };
    let product = match random.u8(0..16) {
        0 => Some("99".to_owned()),
        1 => Some("nothing".to_owned()),
        2 => Some(format!("UUID-{}", random.u8(1..=3))),
        3 => Some(format!("slug-{}", random.u8(1..=3))),
        4 => Some(format!(" product {} ", random.u8(1..=3))),
        5 | 6 => Some(random.u8(1..=3).to_string()),
        _ => None,
    };
    let identifier = (random.u8(0..20) > 0).then(|| random.choice(IDENTIFIERS).unwrap());
    let end = tx.license(number).unwrap().and_then(|license| license.expires_at()).unwrap_or(NOW);
    let at = match random.u8(0..6) {
        0 => Timestamp(end.0 - 1),
        1 => end,
        2 => Timestamp(end.0 + 1),
        3 => Timestamp(random.i64(0..4_000_000_000)),
        _ => Timestamp(NOW.0 + random.i64(-300 * DAY..300 * DAY)),
    };
    let mut params = Params::default();
    let mut send = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            params.add(name.to_owned(), value.to_owned());
        }
    };
    send("license_key", license_key.as_deref());
    send("product_id", product.as_deref());
    send("identifier", identifier);
    send("key", random.choice(["color", "size"]));
    send("value", Some("x"));
    let question = Question {
        endpoint: random.choice(GateEndpoint::ALL).unwrap(),
        license_key: license_key.map(|key| LicenseKey::parse(&key).unwrap()),
        product: product.map(|product| product.trim().to_owned()),
        identifier: match identifier {
            Some(identifier) => ForIdentifier::Sent(Identifier::parse(identifier).unwrap()),
            None => ForIdentifier::NotSent,
        },
        at: Some(at),
    };
    Request { params, question, at }
}
