//! Products.

use std::sync::Arc;

use rusqlite::{OptionalExtension as _, Row};

use super::{Error, Tx};
use crate::domain::{Fingerprint, NewProduct, Product, ProductStatus, Timestamp};

impl Tx<'_> {
    pub fn product(&self, id: i64) -> Result<Option<Product>, Error> {
        let sql = "SELECT id, uuid, slug, external_reference, source, name, post_url, description, status, require_non_expired,
                          changelog_enabled, features, signing_key, created_at, updated_at
                   FROM products WHERE id = ?1";
        self.connection.prepare_cached(sql)?.query_row([id], read).optional()?.transpose()
    }

    /// A product by what clients call it: digits are its id, all else its uuid or its slug (contract §3.10).
    pub fn product_by_reference(&self, reference: &str) -> Result<Option<Product>, Error> {
        if let Ok(id) = reference.parse() {
            return self.product(id);
        }
        let sql = "SELECT id FROM products WHERE uuid = ?1 OR slug = ?1";
        let id = self.connection.prepare_cached(sql)?.query_row([reference], |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| self.product(id))
    }

    pub fn product_by_slug(&self, slug: &str) -> Result<Option<Product>, Error> {
        let sql = "SELECT id FROM products WHERE slug = ?1";
        let id = self.connection.prepare_cached(sql)?.query_row([slug], |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| self.product(id))
    }

    /// The one product that there is; `None` if there are more, or none.
    pub fn only_product(&self) -> Result<Option<Product>, Error> {
        let sql = "SELECT min(id) FROM (SELECT id FROM products LIMIT 2) HAVING count(*) = 1";
        let id = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| self.product(id))
    }

    /// Gives a product its name in URLs, and says who may read its changelog and download. The caller has checked that the name is free.
    pub fn set_product_access(
        &self,
        id: i64,
        slug: Option<&str>,
        changelog_enabled: bool,
        require_non_expired: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql =
            "UPDATE products SET slug = ?2, changelog_enabled = ?3, require_non_expired = ?4, updated_at = ?5
                   WHERE id = ?1";
        let values = (id, slug, changelog_enabled, require_non_expired, now.0);
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// All products, by id.
    pub fn products(&self) -> Result<Vec<Product>, Error> {
        let sql = "SELECT id, uuid, slug, external_reference, source, name, post_url, description, status, require_non_expired,
                          changelog_enabled, features, signing_key, created_at, updated_at
                   FROM products ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([], read)?.map(|row| row?).collect()
    }

    /// Gives the new product's id.
    pub fn add_product(&self, product: &NewProduct, now: Timestamp) -> Result<i64, Error> {
        let sql = "INSERT INTO products (uuid, name, description, status, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?5) RETURNING id";
        let values = (&product.uuid, &product.name, &product.description, product.status.as_str(), now.0);
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
    let Some(status) = ProductStatus::parse(row.get_ref(8)?.as_str()?) else {
        return Ok(Err(Error::Unreadable { what: "product status", id }));
    };
    Ok(Ok(Product {
        id,
        uuid: row.get(1)?,
        slug: row.get(2)?,
        external_reference: row.get(3)?,
        source: row.get(4)?,
        name: row.get(5)?,
        post_url: row.get(6)?,
        description: row.get(7)?,
        status,
        require_non_expired: row.get(9)?,
        changelog_enabled: row.get(10)?,
        features: row.get(11)?,
        signing_key: row.get::<_, Option<Arc<str>>>(12)?.map(Fingerprint),
        created_at: Timestamp(row.get(13)?),
        updated_at: Timestamp(row.get(14)?),
    }))
}
