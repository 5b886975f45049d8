//! Reads and writes products.

use std::sync::Arc;

use crate::domain::{
    Fingerprint, NewProduct, Product, ProductChange, ProductSource, ProductStatus, Subject, Timestamp,
};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

/// A product whose description and features are longer than this together, in bytes, is not cached.
const LONGEST_CACHED: usize = 1024;

impl Tx<'_> {
    pub fn product(&self, id: i64) -> Result<Option<Product>, Error> {
        let sql = "SELECT id, uuid, slug, external_reference, source, name, post_url, description, status,
                   require_non_expired, changelog_enabled, features, signing_key, created_at, updated_at
                   FROM products WHERE id = ?1";
        self.cached_or(
            |cache| &mut cache.products,
            id,
            |product| product.description.len() + product.features.len() <= LONGEST_CACHED,
            |id| self.sql(sql).one(&[id], read),
        )
    }

    /// A product by the reference that people and clients use: digits are its id, all else its uuid, its slug, or its
    /// name if no other product has it (API §3.10).
    pub fn product_by_reference(&self, reference: &str) -> Result<Option<Product>, Error> {
        if let Ok(id) = reference.parse() {
            return self.product(id);
        }
        let sql = "SELECT id FROM products WHERE uuid = ?1 OR slug = ?1";
        if let Some(id) = self.sql(sql).one(&[&reference], |row| row.get(0))? {
            return self.product(id);
        }
        match self.products_called(reference)?.as_slice() {
            [id] => self.product(*id),
            _ => Ok(None),
        }
    }

    /// The ids of the first products with exactly this name.
    pub fn products_called(&self, name: &str) -> Result<Vec<i64>, Error> {
        let sql = "SELECT id FROM products WHERE name = ?1 ORDER BY id LIMIT 10";
        self.sql(sql).all(&[&name], |row| row.get(0))
    }

    pub fn product_by_slug(&self, slug: &str) -> Result<Option<Product>, Error> {
        let id = self.sql("SELECT id FROM products WHERE slug = ?1").one(&[&slug], |row| row.get(0))?;
        id.map_or(Ok(None), |id| self.product(id))
    }

    /// The product, if there is exactly one.
    pub fn only_product(&self) -> Result<Option<Product>, Error> {
        let sql = "SELECT min(id) FROM (SELECT id FROM products LIMIT 2) AS first_two HAVING count(*) = 1";
        let id = self.sql(sql).one(&[], |row| row.get(0))?;
        id.map_or(Ok(None), |id| self.product(id))
    }

    /// All products, by id.
    pub fn products(&self) -> Result<Vec<Product>, Error> {
        let sql = "SELECT id, uuid, slug, external_reference, source, name, post_url, description, status,
                   require_non_expired, changelog_enabled, features, signing_key, created_at, updated_at
                   FROM products ORDER BY id";
        self.sql(sql).all(&[], read)
    }

    /// Adds a product and returns its id.
    pub fn add_product(&self, product: &NewProduct, now: Timestamp) -> Result<i64, Error> {
        let sql = "INSERT INTO products (uuid, name, description, status, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?5) RETURNING id";
        let status = product.status.as_str();
        let id = self.sql(sql).value(&[&product.uuid, &product.name, &product.description, &status, &now])?;
        self.audit(Subject::Product(id), "created", Some(&product.name))?;
        Ok(id)
    }

    /// Adds a product with its settings, as one audit entry. Returns its id.
    pub fn add_product_with(
        &self,
        product: &NewProduct,
        settings: &ProductChange,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let id = self.add_product(product, now)?;
        self.set_product(id, settings, now)?;
        Ok(id)
    }

    /// Gives a product a signing key of its own. `public_key` is its public half as PEM. `false`: there is no such
    /// product.
    pub fn set_product_signing_key(
        &self,
        id: i64,
        signing_key: &Fingerprint,
        public_key: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE products SET signing_key = ?2, public_key = ?3, updated_at = ?4 WHERE id = ?1";
        let set = self.sql(sql).execute(&[&id, &signing_key.0, &public_key, &now])? == 1;
        self.audit_if(set, Subject::Product(id), "signing key set", Some(&signing_key.0))
    }

    /// The public half of a product's own signing key, as PEM. It is not part of [`Product`], because every license
    /// look-up reads that.
    pub fn product_public_key(&self, id: i64) -> Result<Option<String>, Error> {
        let sql = "SELECT public_key FROM products WHERE id = ?1";
        let found: Option<Option<String>> = self.sql(sql).one(&[&id], |row| row.get(0))?;
        Ok(found.flatten())
    }

    /// Whether a product other than this one has this slug.
    pub fn is_slug_taken(&self, slug: &str, other_than: Option<i64>) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM products WHERE slug = ?1 AND (id <> ?2 OR ?2 IS NULL)";
        self.sql(sql).exists(&[&slug, &other_than])
    }

    pub fn change_product(&self, id: i64, change: &ProductChange, now: Timestamp) -> Result<(), Error> {
        let changed = self.set_product(id, change, now)?;
        self.audit_if(changed, Subject::Product(id), "changed", None)?;
        Ok(())
    }

    /// Changes a product. `false`: there is no such product.
    fn set_product(&self, id: i64, change: &ProductChange, now: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE products
                   SET name = coalesce(?2, name), description = coalesce(?3, description),
                       source = coalesce(?4, source), status = coalesce(?5, status),
                       require_non_expired = coalesce(?6, require_non_expired),
                       external_reference = coalesce(?7, external_reference),
                       slug = nullif(coalesce(?8, slug), ''),
                       changelog_enabled = coalesce(?9, changelog_enabled),
                       features = coalesce(?10, features), updated_at = ?11,
                       post_url = coalesce(?12, post_url)
                   WHERE id = ?1";
        let changed = self.sql(sql).execute(&[
            &id,
            &change.name,
            &change.description,
            &change.source.map(ProductSource::as_str),
            &change.status.map(ProductStatus::as_str),
            &change.require_non_expired,
            &change.external_reference,
            &change.slug,
            &change.changelog_enabled,
            &change.features,
            &now,
            &change.post_url,
        ])?;
        Ok(changed == 1)
    }

    /// The number of licenses of a product that are assigned, counted in an index.
    pub fn count_assigned_licenses(&self, id: i64) -> Result<i64, Error> {
        let sql = "SELECT count(*) FROM licenses WHERE product_id = ?1 AND status = 'assigned'";
        self.sql(sql).value(&[&id])
    }

    /// Deletes a product with its metadata, generators and downloadables. Its licenses stay.
    pub fn delete_product(&self, id: i64) -> Result<(), Error> {
        self.sql("DELETE FROM products WHERE id = ?1").execute(&[&id])?;
        self.audit(Subject::Product(id), "deleted", None)
    }

    /// Whether a product has a downloadable of this version.
    pub fn product_has_version(&self, id: i64, version: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM downloadables WHERE product_id = ?1 AND version = ?2 LIMIT 1";
        self.sql(sql).exists(&[&id, &version])
    }
}

fn read(row: &Row<'_>) -> Result<Product, Error> {
    let id = row.get(0)?;
    let Some(status) = ProductStatus::parse(row.get(8)?) else {
        return Err(Error::unreadable_row("product status", id));
    };
    let Some(source) = ProductSource::parse(row.get(4)?) else {
        return Err(Error::unreadable_row("product source", id));
    };
    Ok(Product {
        id,
        uuid: row.get(1)?,
        slug: row.get(2)?,
        external_reference: row.get(3)?,
        source,
        name: row.get(5)?,
        post_url: row.get(6)?,
        description: row.get(7)?,
        status,
        require_non_expired: row.get(9)?,
        changelog_enabled: row.get(10)?,
        features: row.get(11)?,
        signing_key: row.get::<Option<Arc<str>>>(12)?.map(Fingerprint),
        created_at: row.get(13)?,
        updated_at: row.get(14)?,
    })
}
