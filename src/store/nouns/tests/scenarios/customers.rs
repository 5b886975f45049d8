//! Scenarios of customers.

use super::{LATER, NOW, license, license_of, product};
use crate::domain::{
    CallbackKind, CallerId, CustomerProduct, Identifier, LicenseStatus, NewActivation, NewCallback,
    NewLicense,
};
use crate::store::{FileState, GivenAnswer, PersonalTable, RepeatKey, Tx};

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

pub(super) fn erasure(tx: &Tx<'_>) {
    let product_id = product(tx);
    let id = license(tx, product_id, "A");
    for table in PersonalTable::ALL {
        let highest = tx.highest_id(table).unwrap();
        let rows = tx.texts_after(table, 0, 5).unwrap();
        assert_eq!(rows.last().map_or(0, |row| row.id), highest, "{table:?}");
        for row in rows {
            assert_eq!(row.license_id.is_some(), table == PersonalTable::Licenses, "{table:?}");
            tx.write_texts(table, &row).unwrap();
            assert_eq!(tx.texts_after(table, row.id - 1, 1).unwrap(), [row], "{table:?}");
        }
        tx.delete_row(table, 99).unwrap();
        assert!(!tx.has_row(table, 99).unwrap());
    }
    assert!(tx.customer("jane@example.com").unwrap().is_some());
    assert!(tx.erase_owner(id, LATER).unwrap() && !tx.erase_owner(id, LATER).unwrap());
    assert!(tx.customer("jane@example.com").unwrap().is_none());
    assert!(tx.has_row(PersonalTable::Licenses, id).unwrap());
    let callback = NewCallback {
        kind: CallbackKind::Deactivation,
        url: "http://x.example/",
        reply: "{}",
        product_id: None,
        license_id: None,
    };
    tx.add_callback(&callback, LATER, NOW).unwrap();
    let sent = tx.due_callback(&[], None, LATER).unwrap().unwrap();
    tx.callback_not_delivered(sent.id, "no", Some(LATER), NOW).unwrap();
    tx.hurry_callback(sent.id, NOW).unwrap();
    assert!(tx.due_callback(&[], None, NOW).unwrap().is_some());
    assert!(tx.is_callback_pending(sent.id).unwrap() && !tx.is_callback_pending(99).unwrap());
    let key = |text: &str| RepeatKey {
        caller: CallerId::ApiKey(1),
        route: "/assign",
        idempotency_key: text.to_owned(),
        params_hash: [7; 32],
    };
    let answer = GivenAnswer { code: 1, response: "{}".to_owned(), signing_product: None };
    for text in ["a", "b"] {
        tx.keep_answer(&key(text), &answer, NOW).unwrap();
    }
    let first = tx.answers_after(None, 1).unwrap().remove(0);
    assert_eq!((first.idempotency_key.as_str(), first.params_hash), ("a", [7; 32]));
    assert_eq!(tx.answers_after(Some(&first), 5).unwrap().len(), 1);
    tx.delete_answer(&first).unwrap();
    assert_eq!(tx.answers_after(None, 5).unwrap().len(), 1);
    assert_eq!(tx.file_state().unwrap(), FileState::Clean);
    tx.note_erasure_begins().unwrap();
    assert_eq!(tx.file_state().unwrap(), FileState::Unfinished);
    tx.note_no_remains(LATER).unwrap();
    assert_eq!(tx.file_state().unwrap(), FileState::Clean);
}
