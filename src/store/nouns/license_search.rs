//! Finds licenses by a part of their key, their owner, their order or an identifier.

use crate::store::{Error, Tx};

impl Tx<'_> {
    /// The license keys beside `key` in the order of all keys: up to `count` before it, and as many after it.
    pub fn license_keys_beside(&self, key: &str, count: i64) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for sql in [
            "SELECT license_key FROM licenses WHERE license_key < ?1 ORDER BY license_key DESC LIMIT ?2",
            "SELECT license_key FROM licenses WHERE license_key >= ?1 ORDER BY license_key LIMIT ?2",
        ] {
            found.extend(self.sql(sql).all(&[&key, &count], |row| row.get::<String>(0))?);
        }
        Ok(found)
    }

    /// The license key that is this text in any case, as it is stored.
    pub fn license_key_spelled(&self, text: &str) -> Result<Option<String>, Error> {
        self.sql("SELECT license_key FROM licenses WHERE license_key = ?1").one(&[&text], |row| row.get(0))
    }
}
