//! The number of answers in each hour, by endpoint, code and product.

use crate::domain::Usage;
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// Adds to a number of answers.
    pub fn add_usage(&self, usage: &Usage, count: i64) -> Result<(), Error> {
        let sql =
            "INSERT INTO usage_hours (hour, endpoint, code, product_id, count) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (hour, endpoint, code, product_id)
                   DO UPDATE SET count = usage_hours.count + excluded.count";
        let Usage { hour, endpoint, code, product_id } = usage;
        self.sql(sql).execute(&[&hour.0, endpoint, code, &product_id.unwrap_or(0), &count])?;
        Ok(())
    }
}
