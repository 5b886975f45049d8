//! Finds licenses by the beginning or a part of their key, their owner, their order or an identifier.

use std::ops::ControlFlow;

use crate::domain::{SearchField, SearchMatch};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// The licenses of which a field begins with `prefix`, in the order of the field: up to `limit`. An owner's prefix
    /// is folded. Ignores ASCII case in the other fields.
    pub fn licenses_beginning(
        &self,
        field: SearchField,
        prefix: &str,
        limit: i64,
    ) -> Result<Vec<SearchMatch>, Error> {
        let (table, id, shown, column) = match field {
            SearchField::LicenseKey => ("licenses", "id", "license_key", "license_key"),
            SearchField::OwnerEmail => ("licenses", "id", "owner_email", "owner_email_folded"),
            SearchField::OwnerName => ("licenses", "id", "owner_name", "owner_name_folded"),
            SearchField::Identifier => ("activations", "license_id", "identifier", "identifier"),
            SearchField::OrderReference => ("licenses", "id", "order_reference", "order_reference"),
        };
        let sql = format!(
            "SELECT {id}, {shown} FROM {table} WHERE {column} >= ?1 AND {column} < ?2 ORDER BY {column} LIMIT ?3"
        );
        self.sql(&sql).all(&[&prefix, &end_of_prefix(prefix), &limit], |row| {
            Ok(SearchMatch { license_id: row.get(0)?, field, text: row.get(1)? })
        })
    }

    /// Calls `on_license` with the id and the texts of the `limit` licenses before the one with this id, newest first,
    /// until it breaks. Owners are folded. Returns the id of the last license, if there was any.
    pub fn each_license_before(
        &self,
        id: i64,
        limit: i64,
        mut on_license: impl FnMut(i64, [(SearchField, Option<&str>); 4]) -> ControlFlow<()>,
    ) -> Result<Option<i64>, Error> {
        let sql =
            "SELECT id, license_key, owner_email_folded, owner_name_folded, order_reference FROM licenses
                   WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
        let mut last = None;
        self.sql(sql).each(&[&id, &limit], |row| {
            let license_id = row.get(0)?;
            last = Some(license_id);
            let texts = [
                (SearchField::LicenseKey, row.get(1)?),
                (SearchField::OwnerEmail, row.get(2)?),
                (SearchField::OwnerName, row.get(3)?),
                (SearchField::OrderReference, row.get(4)?),
            ];
            Ok(on_license(license_id, texts))
        })?;
        Ok(last)
    }

    /// Calls `on_activation` with the license and the identifier of the `limit` activations before the one with this
    /// id, newest first, until it breaks. Returns the id of the last one, if there was any.
    pub fn each_activation_before(
        &self,
        id: i64,
        limit: i64,
        mut on_activation: impl FnMut(i64, &str) -> ControlFlow<()>,
    ) -> Result<Option<i64>, Error> {
        let sql =
            "SELECT id, license_id, identifier FROM activations WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
        let mut last = None;
        self.sql(sql).each(&[&id, &limit], |row| {
            last = Some(row.get(0)?);
            Ok(on_activation(row.get(1)?, row.get(2)?))
        })?;
        Ok(last)
    }

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

/// A text that follows every one that begins with `prefix`, in the order of their bytes.
pub(super) fn end_of_prefix(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}
