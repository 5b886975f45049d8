//! Reads and writes the generators of license keys.

use crate::domain::{Generator, GeneratorMethod, NewGenerator, Recipe, Subject, Timestamp};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

impl Tx<'_> {
    pub fn generator(&self, id: i64) -> Result<Option<Generator>, Error> {
        let sql = "SELECT id, uuid, product_id, method, prefix, suffix, function_name, number_of_chunks,
                   chunk_length, charset, activation_limit, validity, active, created_at, updated_at
                   FROM generators WHERE id = ?1";
        self.sql(sql).one(&[&id], read)
    }

    /// A generator by the reference that clients use: digits are its id, all else its uuid (API §3.10).
    pub fn generator_by_reference(&self, reference: &str) -> Result<Option<Generator>, Error> {
        if let Ok(id) = reference.parse() {
            return self.generator(id);
        }
        let sql = "SELECT id FROM generators WHERE uuid = ?1";
        let id = self.sql(sql).one(&[&reference], |row| row.get(0))?;
        id.map_or(Ok(None), |id| self.generator(id))
    }

    /// All generators by id, or those of one product.
    pub fn generators(&self, product_id: Option<i64>) -> Result<Vec<Generator>, Error> {
        let sql = "SELECT id, uuid, product_id, method, prefix, suffix, function_name, number_of_chunks,
                   chunk_length, charset, activation_limit, validity, active, created_at, updated_at
                   FROM generators WHERE product_id = ?1 OR ?1 IS NULL ORDER BY id";
        self.sql(sql).all(&[&product_id], read)
    }

    /// The default generator of a product: its first active one.
    pub fn active_generator_of_product(&self, product_id: i64) -> Result<Option<Generator>, Error> {
        let sql = "SELECT min(id) FROM generators WHERE product_id = ?1 AND active = 1";
        let id: Option<i64> = self.sql(sql).value(&[&product_id])?;
        id.map_or(Ok(None), |id| self.generator(id))
    }

    /// Adds a generator and returns its id.
    pub fn add_generator(&self, generator: &NewGenerator, now: Timestamp) -> Result<i64, Error> {
        let sql = "INSERT INTO generators (uuid, product_id, method, prefix, suffix, function_name,
                   number_of_chunks, chunk_length, charset, activation_limit, validity, active, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13) RETURNING id";
        let recipe = &generator.recipe;
        let id = self.sql(sql).value(&[
            &generator.uuid,
            &generator.product_id,
            &recipe.method.as_str(),
            &recipe.prefix,
            &recipe.suffix,
            &recipe.template,
            &recipe.number_of_chunks,
            &recipe.chunk_length,
            &recipe.charset,
            &recipe.activation_limit,
            &recipe.validity,
            &generator.active,
            &now,
        ])?;
        self.audit(Subject::Generator(id), "created", None)?;
        Ok(id)
    }

    /// Replaces a generator's recipe, and enables or disables it. `false`: there is no such generator.
    pub fn set_generator(
        &self,
        id: i64,
        recipe: &Recipe,
        active: bool,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE generators
                   SET method = ?2, prefix = ?3, suffix = ?4, function_name = ?5, number_of_chunks = ?6,
                   chunk_length = ?7, charset = ?8, activation_limit = ?9, validity = ?10, active = ?11,
                   updated_at = ?12
                   WHERE id = ?1";
        let changed = self.sql(sql).execute(&[
            &id,
            &recipe.method.as_str(),
            &recipe.prefix,
            &recipe.suffix,
            &recipe.template,
            &recipe.number_of_chunks,
            &recipe.chunk_length,
            &recipe.charset,
            &recipe.activation_limit,
            &recipe.validity,
            &active,
            &now,
        ])? == 1;
        self.audit_if(changed, Subject::Generator(id), "changed", None)
    }

    /// Deletes a generator. `false`: there is no such generator.
    pub fn delete_generator(&self, id: i64) -> Result<bool, Error> {
        let deleted = self.sql("DELETE FROM generators WHERE id = ?1").execute(&[&id])? == 1;
        self.audit_if(deleted, Subject::Generator(id), "deleted", None)
    }
}

fn read(row: &Row<'_>) -> Result<Generator, Error> {
    let id = row.get(0)?;
    let Some(method) = GeneratorMethod::parse(row.get(3)?) else {
        return Err(Error::unreadable_row("generator method", id));
    };
    Ok(Generator {
        id,
        uuid: row.get(1)?,
        product_id: row.get(2)?,
        recipe: Recipe {
            method,
            prefix: row.get(4)?,
            suffix: row.get(5)?,
            template: row.get(6)?,
            number_of_chunks: row.get(7)?,
            chunk_length: row.get(8)?,
            charset: row.get(9)?,
            activation_limit: row.get(10)?,
            validity: row.get(11)?,
        },
        active: row.get(12)?,
        created_at: row.get(13)?,
        updated_at: row.get(14)?,
    })
}
