//! Products.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, Row};

use super::{Error, Tx};
use crate::domain::{Fingerprint, NewProduct, Product, ProductStatus, Timestamp};

impl Tx<'_> {
    pub fn product(&self, id: i64) -> Result<Option<Product>, Error> {
        let sql = "SELECT id, name, description, status, signing_key FROM products WHERE id = ?1";
        self.connection.prepare_cached(sql)?.query_row([id], read).optional()?.transpose()
    }

    /// All products, by id.
    pub fn products(&self) -> Result<Vec<Product>, Error> {
        let sql = "SELECT id, name, description, status, signing_key FROM products ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([], read)?.map(|row| row?).collect()
    }

    /// Gives the new product's id.
    pub fn add_product(&self, product: &NewProduct, now: Timestamp) -> Result<i64, Error> {
        let sql = "INSERT INTO products (name, description, status, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?4) RETURNING id";
        let values = (&product.name, &product.description, product.status.as_str(), now.0);
        Ok(self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    }

    /// Says which key signs for a product from now on. `false`: there is no such product.
    pub fn set_product_signing_key(
        &self,
        id: i64,
        signing_key: &Fingerprint,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE products SET signing_key = ?2, updated_at = ?3 WHERE id = ?1";
        Ok(self.connection.prepare_cached(sql)?.execute((id, &*signing_key.0, now.0))? == 1)
    }
}

fn read(row: &Row<'_>) -> Result<Result<Product, Error>, rusqlite::Error> {
    let id = row.get(0)?;
    let status = row.get_ref(3)?.as_str()?;
    let Some(status) = ProductStatus::parse(status) else {
        return Ok(Err(Error::Unreadable { what: "product status", id }));
    };
    let signing_key = row.get::<_, Option<Arc<str>>>(4)?.map(Fingerprint);
    Ok(Ok(Product { id, name: row.get(1)?, description: row.get(2)?, status, signing_key }))
}
