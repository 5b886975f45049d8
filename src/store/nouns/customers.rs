//! Reads customers: licenses grouped by the e-mail address of their owner. Each statement reads only the licenses of
//! the customers that it returns, by the index on addresses.

use crate::domain::{Customer, CustomerProduct, License};
use crate::store::nouns::license_search::end_of_prefix;
use crate::store::nouns::licenses::read;
use crate::store::{Error, Tx};

/// Up to `?2` customers behind the address `?1`.
const PAGE: &str = "SELECT owner_email_folded FROM licenses WHERE owner_email_folded > ?1
                    GROUP BY owner_email_folded ORDER BY owner_email_folded LIMIT ?2";

/// The addresses from `?1` on and before `?2`.
const BETWEEN: &str = "SELECT owner_email_folded FROM licenses
                       WHERE owner_email_folded >= ?1 AND owner_email_folded < ?2
                       GROUP BY owner_email_folded ORDER BY owner_email_folded LIMIT ?3";

/// The addresses of owners with a name that begins with a text.
const NAMED: &str = "SELECT DISTINCT owner_email_folded FROM licenses
                     WHERE owner_name_folded >= ?1 AND owner_name_folded < ?2 AND owner_email_folded IS NOT NULL
                     LIMIT ?3";

const NEWEST: &str = "SELECT owner_email, (SELECT owner_name FROM licenses
                                           WHERE owner_email_folded = ?1 AND owner_name IS NOT NULL
                                           ORDER BY id DESC LIMIT 1)
                      FROM licenses WHERE owner_email_folded = ?1 ORDER BY id DESC LIMIT 1";

const PRODUCTS: &str = "SELECT owned.product_id, products.name, owned.licenses
                        FROM (SELECT product_id, count(*) AS licenses FROM licenses
                              WHERE owner_email_folded = ?1 GROUP BY product_id) AS owned
                        LEFT JOIN products ON products.id = owned.product_id
                        ORDER BY owned.product_id";

const SEATS: &str = "SELECT count(*), max(coalesce(activations.last_seen_at, activations.activated_at))
                     FROM licenses JOIN activations ON activations.license_id = licenses.id
                     WHERE licenses.owner_email_folded = ?1";

const LICENSES: &str =
    "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
                        assigned_at, status, contract_id, created_at, updated_at, checksum
                        FROM licenses WHERE owner_email_folded = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

impl Tx<'_> {
    /// Up to `limit` customers behind an address, in the order of the folded addresses.
    pub fn customers_after(&self, folded_email: &str, limit: i64) -> Result<Vec<Customer>, Error> {
        let addresses: Vec<String> = self.sql(PAGE).all(&[&folded_email, &limit], |row| row.get(0))?;
        addresses.iter().filter_map(|address| self.customer(address).transpose()).collect()
    }

    /// The customer with a folded address.
    pub fn customer(&self, folded_email: &str) -> Result<Option<Customer>, Error> {
        let newest = self.sql(NEWEST).one(&[&folded_email], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some((email, name)) = newest else { return Ok(None) };
        let products = self.sql(PRODUCTS).all(&[&folded_email], |row| {
            Ok(CustomerProduct { id: row.get(0)?, name: row.get(1)?, licenses: row.get(2)? })
        })?;
        let (seats, last_seen) =
            self.sql(SEATS).only(&[&folded_email], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let licenses = products.iter().map(|product| product.licenses).sum();
        let folded_email = folded_email.to_owned();
        Ok(Some(Customer { email, folded_email, name, licenses, seats, products, last_seen }))
    }

    /// Up to `limit` licenses of a customer whose ids are higher than `after`, by id. A transaction that writes locks
    /// them until the transaction ends.
    pub fn licenses_of_customer(
        &self,
        folded_email: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<License>, Error> {
        self.locking_sql(LICENSES).all(&[&folded_email, &after, &limit], read)
    }

    /// Up to `limit` folded addresses that begin with a text.
    pub fn customers_beginning_with(&self, start: &str, limit: i64) -> Result<Vec<String>, Error> {
        self.sql(BETWEEN).all(&[&start, &end_of_prefix(start), &limit], |row| row.get(0))
    }

    /// Up to `limit` folded addresses of customers whose folded names begin with a text.
    pub fn customers_named(&self, start: &str, limit: i64) -> Result<Vec<String>, Error> {
        self.sql(NAMED).all(&[&start, &end_of_prefix(start), &limit], |row| row.get(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::SCHEMA;
    use crate::store::sqlite::connection::open_in_memory;

    #[test]
    fn no_statement_scans_a_table() {
        let connection = open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        for sql in [PAGE, BETWEEN, NAMED, NEWEST, PRODUCTS, SEATS, LICENSES] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps: Vec<String> =
                plan.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>().unwrap();
            let scans = |step: &String| step.starts_with("SCAN") && step != "SCAN owned";
            let sorts = |step: &String| sql == PAGE && step.contains("TEMP B-TREE");
            assert!(!steps.iter().any(|step| scans(step) || sorts(step)), "{sql}: {steps:#?}");
            let index = if sql == NAMED { "licenses_by_owner_name" } else { "licenses_by_owner_email" };
            assert!(steps.iter().any(|step| step.contains(index)), "{sql}: {steps:#?}");
        }
    }
}
