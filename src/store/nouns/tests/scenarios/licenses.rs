//! Scenarios of licenses, activations and contracts.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::ControlFlow;

use super::{LATER, NOW, license, license_of, product};
use crate::domain::{
    Belongings, ContractStatus, Identifier, License, LicenseFilter, LicenseKey, LicenseNotes, LicenseQuery,
    LicenseState, LicenseStatus, MetaKey, NewActivation, NewLicense, Page, Period, Permission, SearchField,
    Terms,
};
use crate::store::Tx;

pub(super) fn licenses(tx: &Tx<'_>) {
    let product_id = product(tx);
    let id = license(tx, product_id, "AbC-123");
    assert_eq!(tx.add_license(&license_of(product_id, "aBc-123"), NOW).unwrap(), None);
    let found = tx.license_by_key(&LicenseKey::parse("abc-123").unwrap()).unwrap().unwrap();
    assert_eq!((found.id, found.license_key.as_str(), found.activation_limit), (id, "AbC-123", 3));
    assert_eq!(tx.pool(product_id, 5).unwrap(), [id]);
    assert_eq!(tx.count_licenses_in_pool(product_id).unwrap(), 1);
    tx.assign_license(&found.assigned(Some("Jane"), None, LATER)).unwrap();
    let assigned = tx.license(id).unwrap().unwrap();
    assert_eq!(assigned, found.assigned(Some("Jane"), None, LATER));
    assert_eq!((assigned.status, assigned.assigned_at), (LicenseStatus::Assigned, Some(LATER)));
    assert_eq!((assigned.owner_name.as_deref(), assigned.owner_email.as_deref()), (Some("Jane"), None));
    assert!(tx.pool(product_id, 5).unwrap().is_empty());
    // The checksum is computed again at each write, and compared at each read.
    let changed = License { validity: 10, assigned_at: Some(NOW), status: LicenseStatus::Blocked, ..found };
    tx.change_license(&assigned, &changed, "changed", LATER).unwrap();
    let found = tx.license(id).unwrap().unwrap();
    assert_eq!((found.validity, found.assigned_at, found.status), (10, Some(NOW), LicenseStatus::Blocked));
    assert_eq!(crate::store::nouns::license_checksum::first_wrong(tx.engine).unwrap(), None);
    tx.delete_license(id).unwrap();
    assert!(tx.license(id).unwrap().is_none());
    tx.begin_noting_keys().unwrap();
    let key = |text| LicenseKey::parse(text).unwrap();
    assert_eq!(tx.note_key(&key("K"), 2).unwrap(), None);
    assert_eq!(tx.note_key(&key("k"), 3).unwrap(), Some(2));
    tx.expect_a_large_change().unwrap();
}

pub(super) fn notes(tx: &Tx<'_>) {
    let id = license(tx, product(tx), "K");
    assert_eq!(tx.license_notes(id).unwrap(), LicenseNotes::default());
    assert!(!tx.has_license_notes().unwrap());
    tx.set_note(id, Some("a note"), LATER).unwrap();
    tx.set_order_reference(id, None, Some("Order-1"), LATER).unwrap();
    tx.remember_block(id, Some(LicenseStatus::Reserved)).unwrap();
    tx.set_block_reason(id, "a reason").unwrap();
    let text = |text: &str| Some(text.to_owned());
    let notes = LicenseNotes {
        note: text("a note"),
        order_reference: text("Order-1"),
        block_reason: text("a reason"),
        status_before_block: Some(LicenseStatus::Reserved),
    };
    assert_eq!(tx.license_notes(id).unwrap(), notes);
    assert!(tx.has_license_notes().unwrap());
    tx.clear_notes(id).unwrap();
    tx.remember_block(id, None).unwrap();
    assert_eq!(tx.license_notes(id).unwrap(), LicenseNotes::default());
    assert_eq!(tx.license(id).unwrap().unwrap().updated_at, LATER);
}

pub(super) fn lists_of_licenses(tx: &Tx<'_>) {
    let product_id = product(tx);
    let ids: Vec<i64> = ["A", "B", "C"].iter().map(|key| license(tx, product_id, key)).collect();
    let numbers = |licenses: Vec<License>| licenses.iter().map(|license| license.id).collect::<Vec<_>>();
    let available = Some(LicenseStatus::Available);
    let of = |product_id, status| LicenseFilter { product_id, status, ..LicenseFilter::default() };
    assert_eq!(numbers(tx.licenses_page(&of(None, None), Page::ALL).unwrap()), ids);
    assert_eq!(numbers(tx.licenses_page(&of(Some(product_id), available), Page::ALL).unwrap()), ids);
    assert!(tx.licenses_page(&of(Some(99), None), Page::ALL).unwrap().is_empty());
    assert_eq!(numbers(tx.licenses_after(ids[0], Some(product_id), available, 1).unwrap()), [ids[1]]);
    let page = Page { offset: 1, limit: 1 };
    for (product_id, status, owner_email) in [
        (None, None, None),
        (Some(product_id), available, None),
        (Some(product_id), available, Some("jane@EXAMPLE.com".to_owned())),
    ] {
        let filter = LicenseFilter { product_id, status, owner_name: None, owner_email };
        assert_eq!(numbers(tx.licenses_page(&filter, page).unwrap()), [ids[1]]);
    }
    let filter =
        LicenseFilter { product_id: None, status: None, owner_name: Some("J".to_owned()), owner_email: None };
    assert!(tx.licenses_page(&filter, Page { offset: 0, limit: 1 }).unwrap().is_empty());
    assert!(tx.licenses_page(&filter, Page { offset: 1 << 40, limit: 1 }).unwrap().is_empty());
}

pub(super) fn finding_licenses(tx: &Tx<'_>) {
    let product_id = product(tx);
    let assigned = NewLicense {
        status: LicenseStatus::Assigned,
        assigned_at: Some(NOW),
        owner_name: Some("Zoë".to_owned()),
        activation_limit: 1,
        ..license_of(product_id, "ABC-1")
    };
    let id = tx.add_license(&assigned, NOW).unwrap().unwrap();
    license(tx, product_id, "ABD-2");
    let identifier = Identifier::parse("PC-1").unwrap();
    let seat = NewActivation { license_id: id, identifier: &identifier, address: None, post_url: None };
    tx.add_activation(&seat, NOW).unwrap();
    for (state, days, finds) in [
        (LicenseState::Active, 0, true),
        (LicenseState::Active, 365, false),
        (LicenseState::Expired, 365, true),
        (LicenseState::ExpiresWithin { days: 30 }, 340, true),
        (LicenseState::ExpiresWithin { days: 30 }, 300, false),
        (LicenseState::Full, 0, true),
        (LicenseState::NotActivated, 0, false),
    ] {
        for filter in [
            LicenseFilter::default(),
            LicenseFilter {
                product_id: Some(product_id),
                status: Some(LicenseStatus::Assigned),
                owner_name: Some("ZOË".to_owned()),
                owner_email: Some("jane@example.com".to_owned()),
            },
        ] {
            let period = Period { since: Some(NOW), until: Some(LATER) };
            let query = LicenseQuery { filter, states: vec![state], assigned: period, created: period };
            let found = tx.licenses_matching(&query, 0, 10, NOW.plus_days(days)).unwrap();
            assert_eq!(found.len(), usize::from(finds), "{state:?} after {days} days");
        }
    }
    let begins = |field, text: &str| tx.licenses_beginning(field, text, 10).unwrap().len();
    assert_eq!((begins(SearchField::LicenseKey, "ab"), begins(SearchField::LicenseKey, "abc")), (2, 1));
    assert_eq!((begins(SearchField::OwnerEmail, "jane@"), begins(SearchField::OwnerName, "zo")), (2, 1));
    assert_eq!((begins(SearchField::Identifier, "pc"), begins(SearchField::OrderReference, "1")), (1, 0));
    let mut seen = 0;
    let last = tx.each_license_before(i64::MAX, 10, |_, texts| {
        seen += texts.iter().filter(|(_, text)| text.is_some()).count();
        ControlFlow::Continue(())
    });
    assert_eq!((last.unwrap(), seen), (Some(id), 5));
    let mut identifiers = Vec::new();
    tx.each_activation_before(i64::MAX, 10, |license_id, text| {
        identifiers.push((license_id, text.to_owned()));
        ControlFlow::Break(())
    })
    .unwrap();
    assert_eq!(identifiers, [(id, "PC-1".to_owned())]);
    assert_eq!(tx.license_keys_beside("abc-9", 5).unwrap(), ["ABC-1", "ABD-2"]);
    assert_eq!(tx.license_key_spelled("abd-2").unwrap().as_deref(), Some("ABD-2"));
    assert!(tx.audit_of_license(id, LATER, 5).unwrap().0.is_empty() && !tx.has_audit_run().unwrap());
    tx.index_audit_run().unwrap();
}

pub(super) fn activations(tx: &Tx<'_>) {
    let license_id = license(tx, 1, "K");
    let (identifier, same) = (Identifier::parse("PC-1").unwrap(), Identifier::parse("pc-1").unwrap());
    let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let activation = NewActivation { license_id, identifier: &identifier, address, post_url: None };
    tx.add_activation(&activation, NOW).unwrap();
    assert!(tx.is_activated(license_id, &same).unwrap());
    assert_eq!(tx.count_activations(license_id).unwrap(), 1);
    tx.set_post_url(license_id, &same, "http://shop.example/").unwrap();
    let expected = ("PC-1".to_owned(), Some("http://shop.example/".to_owned()));
    assert_eq!(tx.post_url(license_id, &same).unwrap().as_ref(), Some(&expected));
    assert_eq!(tx.post_urls(license_id).unwrap(), [expected]);
    assert_eq!(tx.active_identifiers(license_id).unwrap(), ["PC-1"]);
    let oldest = tx.oldest_activation(license_id).unwrap().unwrap();
    assert_eq!((oldest.identifier.as_str(), oldest.activated_at), ("PC-1", NOW));
    assert_eq!((oldest.address.as_deref(), oldest.post_url.is_some()), (Some("127.0.0.1"), true));
    assert_eq!((oldest.last_seen_at, oldest.last_address.as_deref()), (None, None));
    assert_eq!(tx.newest_identifier(license_id).unwrap().unwrap().as_str(), "PC-1");
    assert_eq!(tx.activations(license_id, Page::ALL).unwrap(), [oldest]);
    assert!(tx.activations(license_id, Page { offset: 1, limit: 1 }).unwrap().is_empty());
    assert!(tx.remove_activation(license_id, same.as_str()).unwrap());
    assert!(!tx.remove_activation(license_id, same.as_str()).unwrap());
    assert_eq!(tx.oldest_activation(license_id).unwrap(), None);
    assert!(!tx.is_activated(license_id, &identifier).unwrap());
    assert_eq!(tx.post_url(license_id, &same).unwrap(), None);
    tx.add_activation(&activation, NOW).unwrap();
    let key = MetaKey::parse("color").unwrap();
    tx.add_license_meta(license_id, &key, "green", NOW).unwrap();
    let belongings = Belongings { activations: 1, meta: 1 };
    assert_eq!(tx.delete_belongings(license_id).unwrap(), belongings);
    assert!(tx.delete_belongings(license_id).unwrap().is_empty());
    tx.audit_end_of_ownership(&tx.license(license_id).unwrap().unwrap(), belongings).unwrap();
}

pub(super) fn contracts(tx: &Tx<'_>) {
    let terms = Terms {
        contract_key: "key".to_owned(),
        name: "Reseller".to_owned(),
        information: String::new(),
        product_id: 1,
        license_keys_quantity: 5,
        status: ContractStatus::Active,
        permissions: vec![Permission::GetInfo, Permission::DestroyAll],
    };
    let id = tx.add_contract("uuid-1", &terms, NOW).unwrap();
    let under = |tx: &Tx<'_>, key: &str| {
        let license = NewLicense { contract_id: Some(id), ..license_of(1, key) };
        tx.add_license(&license, NOW).unwrap().unwrap()
    };
    let license_id = under(tx, "A");
    for reference in ["key", "UUID-1", &id.to_string()] {
        let found = tx.contract_by_reference(reference).unwrap().unwrap();
        assert_eq!((found.id, found.license_keys_count), (id, 1));
        assert_eq!(found.terms.permissions, terms.permissions);
    }
    assert!(tx.contract_by_key("KEY").unwrap().is_none());
    assert!(tx.pool(1, 5).unwrap().is_empty());
    tx.set_contract_terms(id, &Terms { name: "Other".to_owned(), ..terms }, LATER).unwrap();
    assert_eq!(tx.contracts().unwrap()[0].terms.name, "Other");
    assert!(tx.active_licenses_of_contract(id).unwrap().is_empty());
    let identifier = Identifier::parse("PC").unwrap();
    let activation = NewActivation { license_id, identifier: &identifier, address: None, post_url: None };
    tx.add_activation(&activation, NOW).unwrap();
    assert_eq!(tx.active_licenses_of_contract(id).unwrap()[0].id, license_id);
    assert_eq!(tx.delete_licenses_of_contract(id).unwrap(), 1);
    let stays = under(tx, "B");
    assert!(tx.delete_contract(id).unwrap() && !tx.delete_contract(id).unwrap());
    let left = tx.license(stays).unwrap().unwrap();
    assert_eq!((left.contract_id, left.status), (None, LicenseStatus::Reserved));
}
