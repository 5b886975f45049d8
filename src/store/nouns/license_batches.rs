//! Adds many licenses in few statements. A statement for each would copy the pages that it changes, and one request for
//! thousands of licenses would keep other changes waiting.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::LazyLock;

use super::licenses::folded;
use crate::domain::{NewLicense, Timestamp};
use crate::store::sql::ToValue;
use crate::store::{Error, Tx};

/// The numbers of rows in one statement. Few, because the statement for each number is prepared once and kept.
const LARGE: usize = 1000;
const SMALL: usize = 20;

/// The statements for these numbers.
static STATEMENTS: LazyLock<[(usize, String); 2]> =
    LazyLock::new(|| [LARGE, SMALL].map(|rows| (rows, statement(rows))));

/// The number of values in a row.
const COLUMNS: usize = 11;

impl Tx<'_> {
    /// Adds licenses, and gives the id of each in their order; `None`: its key exists already, or the list has it
    /// earlier.
    pub fn add_licenses(&self, licenses: &[NewLicense], now: Timestamp) -> Result<Vec<Option<i64>>, Error> {
        let mut ids = Vec::with_capacity(licenses.len());
        let mut rest = licenses;
        for (rows, sql) in STATEMENTS.iter() {
            while let Some((batch, others)) = rest.split_at_checked(*rows) {
                ids.extend(self.add_batch(sql, batch, now)?);
                rest = others;
            }
        }
        for license in rest {
            ids.push(self.add_license(license, now)?);
        }
        Ok(ids)
    }

    /// Adds licenses in one statement, and an audit entry for each in another one.
    fn add_batch(
        &self,
        sql: &str,
        licenses: &[NewLicense],
        now: Timestamp,
    ) -> Result<Vec<Option<i64>>, Error> {
        let (mut names, mut emails) = (Folded::default(), Folded::default());
        let texts: Vec<_> = licenses
            .iter()
            .map(|license| {
                let (name, email) =
                    (names.of(license.owner_name.as_deref()), emails.of(license.owner_email.as_deref()));
                (license.license_key.as_str(), license.status.as_str(), name, email)
            })
            .collect();
        let mut values: Vec<&dyn ToValue> = Vec::with_capacity(1 + licenses.len() * COLUMNS);
        values.push(&now);
        for (license, (license_key, status, owner_name_folded, owner_email_folded)) in
            licenses.iter().zip(&texts)
        {
            let row: [&dyn ToValue; COLUMNS] = [
                &license.product_id,
                license_key,
                &license.owner_name,
                &license.owner_email,
                &license.activation_limit,
                &license.validity,
                &license.assigned_at,
                status,
                &license.contract_id,
                owner_name_folded,
                owner_email_folded,
            ];
            values.extend(row);
        }
        let added = self.sql(sql).all(&values, |row| Ok((row.get::<String>(1)?, row.get::<i64>(0)?)))?;
        let mut ids: Vec<i64> = added.iter().map(|(_, id)| *id).collect();
        // As many values in any case, for a statement that is prepared already. No license has the id 0.
        ids.resize(licenses.len(), 0);
        self.audit_added_licenses(&ids)?;
        // The first of several equal keys in the list is the one that was added.
        let mut added: HashMap<String, i64> = added.into_iter().collect();
        Ok(licenses.iter().map(|license| added.remove(license.license_key.as_str())).collect())
    }
}

/// Folds owners, of which most are the same as the one before.
#[derive(Default)]
struct Folded<'a> {
    last: Option<&'a str>,
    folded: Option<Rc<str>>,
}

impl<'a> Folded<'a> {
    fn of(&mut self, owner: Option<&'a str>) -> Option<Rc<str>> {
        if self.last != owner {
            self.last = owner;
            self.folded = folded(self.last).map(Rc::from);
        }
        self.folded.clone()
    }
}

/// The statement that adds this number of licenses. Its first value is the time.
fn statement(rows: usize) -> String {
    let mut sql = "INSERT INTO licenses (product_id, license_key, owner_name, owner_email, activation_limit, validity,
                                         assigned_at, status, contract_id, owner_name_folded, owner_email_folded,
                                         created_at, updated_at) VALUES "
        .to_owned();
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..COLUMNS {
            // Writing to a String doesn't fail.
            let _ = write!(sql, "?{}, ", 2 + row * COLUMNS + column);
        }
        sql.push_str("?1, ?1)");
    }
    sql.push_str(" ON CONFLICT (license_key) DO NOTHING RETURNING id, license_key");
    sql
}
