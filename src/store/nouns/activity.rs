//! What was answered and refused since an hour. Each query reads everything since that hour, by an index: for a person
//! who asks now and then.

use crate::domain::{AnswerCount, Hour, OftenRefused, RefusedBy, hash_of_key};
use crate::store::{Error, Tx};

/// Joins the licenses, whose keys the journal doesn't hold.
const BY_LICENSE_KEY: &str =
    "SELECT licenses.license_key, often.key_start, often.code, often.times, often.last_at
    FROM (SELECT max(license_id) AS license_id, max(key_start) AS key_start, code,
                 CAST(sum(count) AS BIGINT) AS times, max(last_at) AS last_at
          FROM refusals WHERE hour >= ?1 AND key_hash <> ?3 GROUP BY key_hash, code
          ORDER BY times DESC, last_at DESC LIMIT ?2) AS often
    LEFT JOIN licenses ON licenses.id = often.license_id ORDER BY often.times DESC, often.last_at DESC";

const BY_IDENTIFIER: &str =
    "SELECT identifier, '', code, CAST(sum(count) AS BIGINT) AS times, max(last_at) AS last_at
    FROM refusals WHERE hour >= ?1 AND identifier <> '' GROUP BY identifier, code
    ORDER BY times DESC, last_at DESC LIMIT ?2";

const BY_ADDRESS: &str =
    "SELECT address, '', code, CAST(sum(count) AS BIGINT) AS times, max(last_at) AS last_at
    FROM refusals WHERE hour >= ?1 AND address <> '' GROUP BY address, code
    ORDER BY times DESC, last_at DESC LIMIT ?2";

impl Tx<'_> {
    /// The number of answers since the beginning of an hour, by endpoint and code.
    pub fn answers_since(&self, hour: Hour) -> Result<Vec<AnswerCount>, Error> {
        let sql = "SELECT endpoint, code, CAST(sum(count) AS BIGINT) FROM usage_hours WHERE hour >= ?1
                   GROUP BY endpoint, code ORDER BY endpoint, code";
        self.sql(sql).all(&[&hour.0], |row| {
            Ok(AnswerCount { endpoint: row.get(0)?, code: row.get(1)?, count: row.get(2)? })
        })
    }

    /// What was refused most since the beginning of an hour: at most `limit` entries, the most refused first.
    pub fn often_refused(&self, by: RefusedBy, hour: Hour, limit: i64) -> Result<Vec<OftenRefused>, Error> {
        let no_key = hash_of_key("");
        let (sql, values): (&str, &[&dyn crate::store::sql::ToValue]) = match by {
            RefusedBy::LicenseKey => (BY_LICENSE_KEY, &[&hour.0, &limit, &no_key]),
            RefusedBy::Identifier => (BY_IDENTIFIER, &[&hour.0, &limit]),
            RefusedBy::Address => (BY_ADDRESS, &[&hour.0, &limit]),
        };
        self.sql(sql).all(values, |row| {
            let start: String = row.get(1)?;
            Ok(OftenRefused {
                what: row.get(0)?,
                key_start: Some(start).filter(|start| !start.is_empty()),
                code: row.get(2)?,
                count: row.get(3)?,
                last_at: row.get(4)?,
            })
        })
    }
}
