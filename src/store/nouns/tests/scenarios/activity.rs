//! Scenarios of what is remembered about requests.

use std::net::{IpAddr, Ipv4Addr};

use super::{LATER, NOW, license, product};
use crate::domain::{
    Hour, Identifier, Kept, LastSeen, NewActivation, Page, Refusals, RefusedBy, RefusedRequest, Timestamp,
    Usage, hash_of_key,
};
use crate::store::Tx;

pub(super) fn refusals(tx: &Tx<'_>) {
    let license_id = license(tx, product(tx), "KEY-1");
    let request = RefusedRequest {
        code: 205,
        key_hash: hash_of_key("KEY-1"),
        identifier: "Laptop".to_owned(),
        address: "192.0.2.7".to_owned(),
    };
    let first = Refusals {
        endpoint: "/verify".into(),
        api_key_id: Some(1),
        license_id: Some(license_id),
        key_start: String::new(),
        count: 2,
        first_at: NOW,
        last_at: NOW,
    };
    let last_at = Timestamp(NOW.0 + 3600);
    tx.add_refusals(&request, &first).unwrap();
    tx.add_refusals(&request, &Refusals { last_at: LATER, ..first.clone() }).unwrap();
    let same = RefusedRequest { identifier: "LAPTOP".to_owned(), ..request.clone() };
    tx.add_refusals(&same, &first).unwrap();
    tx.add_refusals(&request, &Refusals { first_at: last_at, last_at, ..first.clone() }).unwrap();
    let unknown = RefusedRequest { code: 210, key_hash: hash_of_key("NONE"), ..request.clone() };
    let of_unknown = Refusals { license_id: None, key_start: "NO".to_owned(), ..first.clone() };
    tx.add_refusals(&unknown, &of_unknown).unwrap();

    let often = |by, limit| tx.often_refused(by, Hour::of(NOW), limit).unwrap();
    let keys = often(RefusedBy::LicenseKey, 10);
    assert_eq!((keys[0].what.as_deref(), keys[0].code, keys[0].count), (Some("KEY-1"), 205, 8));
    assert_eq!((keys[1].what.as_deref(), keys[1].key_start.as_deref(), keys[1].count), (None, Some("NO"), 2));
    for (by, what) in [(RefusedBy::Identifier, "Laptop"), (RefusedBy::Address, "192.0.2.7")] {
        assert_eq!((often(by, 1)[0].what.as_deref(), often(by, 10).len()), (Some(what), 2));
    }
    assert_eq!(tx.often_refused(RefusedBy::LicenseKey, Hour(Hour::of(NOW).0 + 2), 10).unwrap(), []);
    let found = tx.refusals_of_license(license_id, Page::ALL).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].refusals.count, found[0].refusals.first_at), (2, last_at));
    assert_eq!(found[1].refusals, Refusals { count: 6, last_at: LATER, ..first });
    assert_eq!((&found[1].request, &found[1].api_key_name), (&request, &None));
    let second = tx.refusals_of_license(license_id, Page { offset: 1, limit: 1 }).unwrap();
    assert_eq!(second[0].refusals, found[1].refusals);
    assert_eq!((tx.count_refusals().unwrap(), tx.trim_refusals(3, 9).unwrap()), (3, 0));
    assert!(tx.has_older(Kept::Refusals, last_at, 10).unwrap());
    assert_eq!((tx.trim_refusals(1, 1).unwrap(), tx.trim_refusals(1, 9).unwrap()), (1, 1));
    assert_eq!(tx.delete_oldest(Kept::Refusals, last_at, 10).unwrap(), 1);
    assert_eq!((tx.count_refusals().unwrap(), tx.kept_bytes(Kept::Refusals).unwrap()), (0, 0));
}

pub(super) fn usage(tx: &Tx<'_>) {
    let hour = Hour::of(NOW);
    let usage = Usage { hour, endpoint: "/verify", code: 200, product_id: Some(1) };
    for usage in
        [usage, Usage { product_id: None, ..usage }, Usage { hour: Hour(hour.0 + 1), ..usage }, usage]
    {
        tx.add_usage(&usage, 5).unwrap();
    }
    assert!(tx.kept_bytes(Kept::Usage).unwrap() > 0);
    let answers = tx.answers_since(hour).unwrap();
    assert_eq!((answers.len(), answers[0].endpoint.as_str(), answers[0].count), (1, "/verify", 20));
    assert_eq!(tx.answers_since(Hour(hour.0 + 1)).unwrap()[0].count, 5);
    let next = Timestamp((hour.0 + 1) * 3600);
    assert!(!tx.has_older(Kept::Usage, NOW, 10).unwrap() && tx.has_older(Kept::Usage, next, 10).unwrap());
    assert_eq!(tx.delete_oldest(Kept::Usage, next, 1).unwrap(), 1);
    assert_eq!(tx.delete_oldest(Kept::Usage, next, 10).unwrap(), 1);
    assert_eq!(tx.delete_oldest(Kept::Usage, next, 10).unwrap(), 0);
}

pub(super) fn last_seen(tx: &Tx<'_>) {
    let license_id = license(tx, product(tx), "KEY-1");
    let identifier = Identifier::parse("pc").unwrap();
    let new = NewActivation { license_id, identifier: &identifier, address: None, post_url: None };
    tx.add_activation(&new, NOW).unwrap();
    let seen = || tx.last_seen(license_id, &Identifier::parse("PC").unwrap()).unwrap().unwrap();
    let activation_id = seen().activation_id;
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for (now, at) in [(NOW, NOW), (LATER, NOW), (Timestamp(NOW.0 + 3600), Timestamp(NOW.0 + 3600))] {
        tx.set_last_seen(activation_id, now, address).unwrap();
        assert_eq!(seen(), LastSeen { activation_id, at: Some(at) });
    }
}
