//! Scenarios of customers.

use super::{LATER, NOW, license, license_of, product};
use crate::domain::{CustomerProduct, Identifier, LicenseStatus, NewActivation, NewLicense};
use crate::store::Tx;

pub(super) fn customers(tx: &Tx<'_>) {
    let product_id = product(tx);
    let ids = [license(tx, product_id, "A"), license(tx, product_id, "B")];
    let zoe = NewLicense {
        owner_name: Some("Zoë".to_owned()),
        owner_email: Some("zoe@example.com".to_owned()),
        status: LicenseStatus::Assigned,
        ..license_of(99, "C")
    };
    let of_zoe = tx.add_license(&zoe, NOW).unwrap().unwrap();
    tx.add_license(&NewLicense { owner_email: None, ..license_of(product_id, "D") }, NOW).unwrap();
    let identifier = Identifier::parse("PC-1").unwrap();
    let activation =
        NewActivation { license_id: of_zoe, identifier: &identifier, address: None, post_url: None };
    tx.add_activation(&activation, LATER).unwrap();
    let emails = |after: &str, limit| {
        let found = tx.customers_after(after, limit).unwrap();
        found.into_iter().map(|customer| customer.email).collect::<Vec<_>>()
    };
    assert_eq!(emails("", 5), ["Jane@example.com", "zoe@example.com"]);
    assert_eq!(emails("", 1), ["Jane@example.com"]);
    assert_eq!(emails("jane@example.com", 5), ["zoe@example.com"]);
    let jane = tx.customer("jane@example.com").unwrap().unwrap();
    let product = CustomerProduct { id: product_id, name: Some("Editor".to_owned()), licenses: 2 };
    assert_eq!((jane.products, jane.licenses, jane.seats, jane.last_seen), (vec![product], 2, 0, None));
    let zoe = tx.customer("zoe@example.com").unwrap().unwrap();
    assert_eq!((zoe.name.as_deref(), zoe.seats, zoe.last_seen), (Some("Zoë"), 1, Some(LATER)));
    assert_eq!(zoe.products, [CustomerProduct { id: 99, name: None, licenses: 1 }]);
    assert!(tx.customer("nobody@example.com").unwrap().is_none());
    let of_jane = tx.licenses_of_customer("jane@example.com", ids[0], 5).unwrap();
    assert_eq!(of_jane.iter().map(|license| license.id).collect::<Vec<_>>(), [ids[1]]);
    assert_eq!(tx.customers_beginning_with("ja", 5).unwrap(), ["jane@example.com"]);
    assert_eq!(tx.customers_named("zo", 5).unwrap(), ["zoe@example.com"]);
}
