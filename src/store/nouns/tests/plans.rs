//! No statement of a list, a search or a timeline reads a whole table.

use std::cell::RefCell;

use rusqlite::Connection;

use crate::domain::{
    LicenseFilter, LicenseKey, LicenseQuery, LicenseState, LicenseStatus, Page, Period, SearchField,
    Timestamp,
};
use crate::store::dialect::Dialect;
use crate::store::nouns::tests::in_memory;
use crate::store::row_cache::BlocklistCache;
use crate::store::sql::{Engine, OnRow, Text, ToValue};
use crate::store::{Error, Tx};

/// An engine that notes how SQLite reads the rows of each statement.
struct Explaining {
    connection: Connection,
    /// The steps of all plans, each with its statement.
    steps: RefCell<Vec<(String, String)>>,
}

impl Engine for Explaining {
    fn query(&self, text: &Text<'_>, values: &[&dyn ToValue], on_row: &mut OnRow<'_>) -> Result<(), Error> {
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {}", text.sql)).unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            self.steps.borrow_mut().push((row.get(3).unwrap(), text.sql.to_owned()));
        }
        self.connection.query(text, values, on_row)
    }

    fn execute(&self, text: &str, values: &[&dyn ToValue]) -> Result<usize, Error> {
        Engine::execute(&self.connection, text, values)
    }

    fn execute_once(&self, text: &str) -> Result<(), Error> {
        self.connection.execute_once(text)
    }

    fn changed_rows(&self) -> u64 {
        0
    }

    fn dialect(&self) -> &'static Dialect {
        self.connection.dialect()
    }
}

/// The steps of the statements that `job` runs.
fn steps(job: impl FnOnce(&Tx<'_>)) -> Vec<(String, String)> {
    let engine = Explaining { connection: in_memory(), steps: RefCell::default() };
    job(&Tx::new(&engine, &BlocklistCache::default()));
    engine.steps.into_inner()
}

fn assert_no_scan(steps: &[(String, String)]) {
    assert!(!steps.is_empty());
    for (step, sql) in steps {
        let scans = ["licenses", "activations", "audit"].iter().any(|table| {
            let words: Vec<&str> = step.split(' ').collect();
            words.first() == Some(&"SCAN") && words.get(1) == Some(table)
        });
        assert!(!scans, "{step}: {sql}");
    }
}

/// Each combination of the conditions of a list.
fn queries() -> Vec<LicenseQuery> {
    let states = [
        None,
        Some(LicenseState::Active),
        Some(LicenseState::Expired),
        Some(LicenseState::ExpiresWithin { days: 30 }),
        Some(LicenseState::Full),
        Some(LicenseState::NotActivated),
    ];
    let mut queries = Vec::new();
    for bits in 0..32_u8 {
        for state in states {
            let given = |bit: u8| bits & (1 << bit) != 0;
            let period = |bit| Period {
                since: given(bit).then_some(Timestamp(1)),
                until: given(bit).then_some(Timestamp(2)),
            };
            queries.push(LicenseQuery {
                filter: LicenseFilter {
                    product_id: given(0).then_some(1),
                    status: given(1).then_some(LicenseStatus::Assigned),
                    owner_name: None,
                    owner_email: given(2).then(|| "e@x".to_owned()),
                },
                states: state.into_iter().collect(),
                assigned: period(3),
                created: period(4),
            });
        }
    }
    queries
}

#[test]
fn no_list_of_licenses_reads_the_whole_table() {
    for query in queries() {
        let steps = steps(|tx| {
            tx.licenses_matching(&query, 0, 100, Timestamp(5)).unwrap();
        });
        assert_no_scan(&steps);
        // The owner has few licenses, and so have the days in which some expire while there are few.
        let plan: Vec<&str> = steps.iter().map(|(step, _)| step.as_str()).collect();
        if query.filter.owner_email.is_some() {
            assert!(plan.iter().any(|step| step.contains("licenses_by_owner_email")), "{plan:?}");
        } else if query.states.contains(&LicenseState::ExpiresWithin { days: 30 }) {
            assert!(plan.iter().all(|step| !step.contains("licenses_by_product")), "{plan:?}");
            assert!(plan.iter().filter(|step| step.contains("licenses_by_expiry")).count() >= 2, "{plan:?}");
        }
    }
}

#[test]
fn no_search_and_no_look_up_reads_a_whole_table() {
    assert_no_scan(&steps(|tx| {
        for field in SearchField::ALL {
            tx.licenses_beginning(field, "a", 5).unwrap();
        }
        let go_on = std::ops::ControlFlow::Continue(());
        tx.each_license_before(i64::MAX, 5, |_, _| go_on).unwrap();
        tx.each_activation_before(i64::MAX, 5, |_, _| go_on).unwrap();
        tx.license_keys_beside("a", 5).unwrap();
        tx.license_key_spelled("a").unwrap();
        tx.license_by_key(&LicenseKey::parse("a").unwrap()).unwrap();
        tx.activations(1, Page::ALL).unwrap();
        tx.license_notes(1).unwrap();
        tx.license_meta(1).unwrap();
        tx.audit_of_license(1, Timestamp(5), 5).unwrap();
        tx.has_audit_run().unwrap();
    }));
}
