//! Reads and writes metadata on products.

use crate::domain::{MetaEntry, MetaKey, MetaSize, Subject, Timestamp};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// A product's entries, oldest first.
    pub fn product_meta(&self, product_id: i64) -> Result<Vec<MetaEntry>, Error> {
        let sql = "SELECT key, value FROM product_meta WHERE product_id = ?1 ORDER BY id";
        self.sql(sql).all(&[&product_id], |row| read(row, 0))
    }

    /// The entries of all products with the ids of the products, oldest first.
    pub fn all_product_meta(&self) -> Result<Vec<(i64, MetaEntry)>, Error> {
        let sql = "SELECT product_id, key, value FROM product_meta ORDER BY id";
        self.sql(sql).all(&[], |row| Ok((row.get(0)?, read(row, 1)?)))
    }

    /// Adds an entry. `false`: the product has an entry under this key already.
    pub fn add_product_meta(
        &self,
        product_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "INSERT INTO product_meta (product_id, key, value, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
                   ON CONFLICT (product_id, key) DO NOTHING";
        let added = self.sql(sql).execute(&[&product_id, &key.as_str(), &value, &now])? == 1;
        self.audit_if(added, Subject::Product(product_id), "meta created", Some(&key.as_str()))
    }

    /// The number and size of a product's entries. Reads the lengths of the values, not the values.
    pub fn product_meta_size(&self, product_id: i64) -> Result<MetaSize, Error> {
        let sql = "SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0)
                   FROM product_meta WHERE product_id = ?1";
        self.sql(sql).only(&[&product_id], |row| Ok(MetaSize { entries: row.get(0)?, bytes: row.get(1)? }))
    }

    /// Replaces the value of an entry. `false`: there is none under this key.
    pub fn set_product_meta(
        &self,
        product_id: i64,
        key: &MetaKey,
        value: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE product_meta SET value = ?3, updated_at = ?4 WHERE product_id = ?1 AND key = ?2";
        let changed = self.sql(sql).execute(&[&product_id, &key.as_str(), &value, &now])? == 1;
        self.audit_if(changed, Subject::Product(product_id), "meta changed", Some(&key.as_str()))
    }

    /// Deletes an entry. `false`: there is no entry under this key.
    pub fn delete_product_meta(&self, product_id: i64, key: &MetaKey) -> Result<bool, Error> {
        let sql = "DELETE FROM product_meta WHERE product_id = ?1 AND key = ?2";
        let deleted = self.sql(sql).execute(&[&product_id, &key.as_str()])? == 1;
        self.audit_if(deleted, Subject::Product(product_id), "meta deleted", Some(&key.as_str()))
    }
}

fn read(row: &Row<'_>, first: usize) -> Result<MetaEntry, Error> {
    Ok(MetaEntry { key: row.get(first)?, value: row.get(first + 1)? })
}
