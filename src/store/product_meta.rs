//! Metadata on products.

use super::{Error, Tx};
use crate::domain::MetaEntry;

impl Tx<'_> {
    /// All entries of a product, by id.
    pub fn product_meta(&self, product_id: i64) -> Result<Vec<MetaEntry>, Error> {
        let sql = "SELECT key, value FROM product_meta WHERE product_id = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement
            .query_map([product_id], |row| Ok(MetaEntry { key: row.get(0)?, value: row.get(1)? }))?;
        Ok(entries.collect::<rusqlite::Result<_>>()?)
    }
}
