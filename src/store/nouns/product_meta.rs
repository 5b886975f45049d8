//! Metadata on products.

use rusqlite::{OptionalExtension as _, Row};

use crate::domain::{MetaEntry, MetaKey, MetaSize, Subject, Timestamp};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// A product's entries, in the order in which they were made.
    pub fn product_meta(&self, product_id: i64) -> Result<Vec<MetaEntry>, Error> {
        let sql = "SELECT key, value FROM product_meta WHERE product_id = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement.query_map([product_id], |row| read(row, 0))?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// The entries of all products with their products' ids, in the order in which they were made.
    pub fn all_product_meta(&self) -> Result<Vec<(i64, MetaEntry)>, Error> {
        let sql = "SELECT product_id, key, value FROM product_meta ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement.query_map([], |row| Ok((row.get(0)?, read(row, 1)?)))?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// `false`: the product has an entry under this key already.
    pub fn add_product_meta(
        &self,
        product_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "INSERT INTO product_meta (product_id, key, value, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                   ON CONFLICT (product_id, key) DO NOTHING RETURNING id";
        let values = (product_id, key.as_str(), value, now.0);
        let added = self.connection.prepare_cached(sql)?.query_row(values, |_| Ok(())).optional()?.is_some();
        self.audit_if(added, Subject::Product(product_id), "meta created", Some(&key.as_str()))
    }

    /// How much there is of a product's entries. Their values are not read for it, only how long they are.
    pub fn product_meta_size(&self, product_id: i64) -> Result<MetaSize, Error> {
        let sql = "SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0)
                   FROM product_meta WHERE product_id = ?1";
        let size = |row: &Row<'_>| Ok(MetaSize { entries: row.get(0)?, bytes: row.get(1)? });
        Ok(self.connection.prepare_cached(sql)?.query_row([product_id], size)?)
    }

    /// Gives an entry another value. `false`: there is none under this key.
    pub fn set_product_meta(
        &self,
        product_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE product_meta SET value = ?3, updated_at = ?4 WHERE product_id = ?1 AND key = ?2";
        let values = (product_id, key.as_str(), value, now.0);
        let changed = self.connection.prepare_cached(sql)?.execute(values)? == 1;
        self.audit_if(changed, Subject::Product(product_id), "meta changed", Some(&key.as_str()))
    }

    /// `false`: there is no entry under this key.
    pub fn delete_product_meta(&self, product_id: i64, key: &MetaKey) -> Result<bool, Error> {
        let sql = "DELETE FROM product_meta WHERE product_id = ?1 AND key = ?2";
        let deleted = self.connection.prepare_cached(sql)?.execute((product_id, key.as_str()))? == 1;
        self.audit_if(deleted, Subject::Product(product_id), "meta deleted", Some(&key.as_str()))
    }
}

fn read(row: &Row<'_>, first: usize) -> Result<MetaEntry, rusqlite::Error> {
    Ok(MetaEntry { key: row.get(first)?, value: row.get(first + 1)? })
}
