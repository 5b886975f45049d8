//! Lists by state agree with the rules of the domain, and a timeline doesn't depend on how much of it is indexed.

use proptest::prelude::*;

use super::in_memory;
use crate::domain::{
    Actor, CallerId, Identifier, Kept, LicenseQuery, LicenseState, LicenseStatus, NewActivation, NewLicense,
    Subject, Timestamp,
};
use crate::store::Tx;
use crate::store::row_cache::BlocklistCache;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// At the seconds before, at and after each limit of the rule, for licenses of each kind.
    #[test]
    fn a_state_in_sql_is_the_state_of_the_domain(
        status in prop::sample::select(LicenseStatus::ALL.to_vec()),
        validity in prop::sample::select(vec![0_i64, 1, 30, 365]),
        assigned in prop::option::of(0_i64..3),
        limit in 0_i64..3,
        seats in 0_i64..3,
        days in prop::sample::select(vec![1_i64, 30]),
        limit_of_rule in prop::sample::select(vec![0_i64, -1, -30]),
        off in -1_i64..=1,
    ) {
        const BEGIN: i64 = 1_700_000_000;
        let connection = in_memory();
        let blocklist = BlocklistCache::default();
        let tx = Tx::writing(&connection, &blocklist);
        let new = NewLicense {
            activation_limit: limit,
            validity,
            assigned_at: assigned.map(|seconds| Timestamp(BEGIN + seconds)),
            status,
            ..NewLicense::sample(1, "K")
        };
        let id = tx.add_license(&new, Timestamp(BEGIN)).unwrap().unwrap();
        for number in 0..seats {
            let identifier = Identifier::parse(&format!("i{number}")).unwrap();
            let seat = NewActivation { license_id: id, identifier: &identifier, address: None, post_url: None };
            tx.add_activation(&seat, Timestamp(BEGIN)).unwrap();
        }
        let license = tx.license(id).unwrap().unwrap();
        let now = license.expires_at().unwrap_or(Timestamp(BEGIN)).plus_days(limit_of_rule);
        let now = Timestamp(now.0 + off);
        for state in [
            LicenseState::Active,
            LicenseState::Expired,
            LicenseState::ExpiresWithin { days },
            LicenseState::Full,
            LicenseState::NotActivated,
        ] {
            let query = LicenseQuery { states: vec![state], ..LicenseQuery::default() };
            let found = !tx.licenses_matching(&query, 0, 10, now).unwrap().is_empty();
            prop_assert_eq!(found, state.holds(&license, seats, now), "{:?} at {:?}: {:?}", state, now, license);
        }
    }
}

#[test]
fn the_timeline_is_the_same_whatever_is_indexed() {
    let connection = in_memory();
    let blocklist = BlocklistCache::default();
    let tx = Tx::writing(&connection, &blocklist);
    let licenses: Vec<i64> = ["A", "B", "C"]
        .iter()
        .map(|key| tx.add_license(&NewLicense::sample(1, key), Timestamp(0)).unwrap().unwrap())
        .collect();
    // 25,000 entries; of license 1 each hundredth, of license 2 only the first, of license 3 only the last.
    for number in 0..25_000_i64 {
        tx.act_as(Actor {
            at: Timestamp(number / 10),
            caller: CallerId::CommandLine,
            address: None,
            action: "test".to_owned(),
        });
        let id = match number {
            0 => licenses[1],
            24_999 => licenses[2],
            _ if number % 100 == 0 => licenses[0],
            _ => 99,
        };
        tx.audit(Subject::License(id), "changed", None).unwrap();
    }
    let all = |id| {
        let (entries, has_more) = tx.audit_of_license(id, Timestamp(i64::MAX), usize::MAX).unwrap();
        assert!(!has_more);
        entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    let page = || {
        let (entries, has_more) = tx.audit_of_license(licenses[0], Timestamp(1_500), 3).unwrap();
        assert!(has_more);
        entries.iter().map(|entry| entry.at.0).collect::<Vec<_>>()
    };
    let before: Vec<Vec<i64>> = licenses.iter().map(|id| all(*id)).collect();
    assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [249, 1, 1]);
    let mut runs = 0;
    loop {
        assert_eq!(licenses.iter().map(|id| all(*id)).collect::<Vec<_>>(), before, "{runs} runs");
        assert_eq!(page(), [1_490, 1_480, 1_470]);
        if !tx.has_audit_run().unwrap() {
            break;
        }
        tx.index_audit_run().unwrap();
        runs += 1;
    }
    assert_eq!(runs, 2);
    // Entries that are deleted are found no more, and their runs leave the index.
    tx.delete_oldest(Kept::Audit, Timestamp(1_500), 20_000).unwrap();
    assert_eq!(all(licenses[0]), before[0].iter().copied().filter(|id| *id > 15_000).collect::<Vec<_>>());
    assert!(all(licenses[1]).is_empty());
    while tx.has_audit_run().unwrap() {
        tx.index_audit_run().unwrap();
    }
    let runs: Vec<i64> =
        tx.sql("SELECT DISTINCT run FROM audit_by_license ORDER BY run").all(&[], |row| row.get(0)).unwrap();
    assert_eq!(runs, [1]);
}
