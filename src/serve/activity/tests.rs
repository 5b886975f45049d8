//! The bounds of what is gathered.

use super::gathered::{Gathered, MOST_COUNTERS, MOST_REFUSALS, MOST_SEEN};
use crate::domain::{Hour, Refusals, RefusedRequest, Timestamp, Usage, hash_of_key};

const NOW: Timestamp = Timestamp(1_700_000_000);

/// What `rounds` floods leave, each with more of everything than is held.
fn flooded(gathered: &mut Gathered, flood: usize) {
    for number in 0..20_000_usize {
        let identifier = format!("{flood}-{number}");
        let code = if number % 2 == 0 { 210 } else { 202 };
        let key_hash = hash_of_key(&identifier);
        let request = RefusedRequest { code, key_hash, identifier, address: "192.0.2.1".to_owned() };
        let refusals = Refusals {
            endpoint: "/verify".into(),
            api_key_id: Some(1),
            license_id: None,
            key_start: "KEY".to_owned(),
            count: 1,
            first_at: NOW,
            last_at: NOW,
        };
        gathered.add_refusals(request, refusals);
        let id = i64::try_from(flood * 20_000 + number).unwrap();
        gathered.add_seen(id, NOW, [192, 0, 2, 1].into());
        gathered.add_usage(Usage {
            hour: Hour::of(NOW),
            endpoint: "/verify",
            code: 210,
            product_id: Some(id),
        });
    }
}

#[test]
fn a_flood_stays_within_its_bounds_and_is_counted_whole() {
    let mut gathered = Gathered::default();
    flooded(&mut gathered, 0);
    // One entry more for each code, and one counter for answers without their product.
    assert_eq!(gathered.sizes(), (MOST_COUNTERS + 1, MOST_REFUSALS + 2, MOST_SEEN));
    assert_eq!(gathered.counts(), (20_000, 20_000));
}

#[test]
fn writes_that_fail_again_and_again_need_no_more_memory_and_lose_no_count() {
    let mut gathered = Gathered::default();
    for flood in 0..4 {
        flooded(&mut gathered, flood);
        let taken = gathered.take();
        assert!(gathered.is_empty());
        flooded(&mut gathered, 10 + flood);
        gathered.put_back(&taken);
        let (counters, refusals, seen) = gathered.sizes();
        assert!(counters <= MOST_COUNTERS + 1 && refusals <= MOST_REFUSALS + 2 && seen <= MOST_SEEN);
    }
    assert_eq!(gathered.counts(), (160_000, 160_000));
}

#[test]
fn what_was_cleared_does_not_come_back_from_a_write_that_fails() {
    let mut gathered = Gathered::default();
    flooded(&mut gathered, 0);
    let taken = gathered.take();
    gathered.clear();
    gathered.put_back(&taken);
    assert!(gathered.is_empty());
}
