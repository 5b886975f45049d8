//! Reads and writes licenses.

use std::fmt::Display;

use super::license_checksum;
use crate::domain::{License, LicenseKey, LicenseStatus, NewLicense, Subject, Timestamp, fold_owner};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// Finds a license by its id. A transaction that writes locks it until the transaction ends.
    pub fn license(&self, id: i64) -> Result<Option<License>, Error> {
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
                   assigned_at, status, contract_id, created_at, updated_at, checksum
                   FROM licenses WHERE id = ?1";
        self.locking_sql(sql).one(&[&id], read)
    }

    /// The licenses under a contract that have an activation, by id.
    pub fn active_licenses_of_contract(&self, contract_id: i64) -> Result<Vec<License>, Error> {
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
                   assigned_at, status, contract_id, created_at, updated_at, checksum
                   FROM licenses
                   WHERE contract_id = ?1 AND EXISTS (SELECT 1 FROM activations
                   WHERE license_id = licenses.id) ORDER BY id";
        self.sql(sql).all(&[&contract_id], read)
    }

    /// Returns up to `limit` ids from a product's pool, lowest first: available licenses without a contract. A
    /// transaction that writes locks them until the transaction ends.
    pub fn pool(&self, product_id: i64, limit: i64) -> Result<Vec<i64>, Error> {
        let sql = "SELECT id FROM licenses
                   WHERE product_id = ?1 AND status = 'available' AND contract_id IS NULL ORDER BY id LIMIT ?2";
        self.locking_sql(sql).all(&[&product_id, &limit], |row| row.get(0))
    }

    /// Finds a license by its key, ignoring ASCII case. A key that is not found is looked up once more as its sender
    /// meant it. A transaction that writes locks the license until the transaction ends.
    pub fn license_by_key(&self, license_key: &LicenseKey) -> Result<Option<License>, Error> {
        if let Some(license) = self.license_by_exact_key(license_key)? {
            return Ok(Some(license));
        }
        license_key.as_meant().map_or(Ok(None), |meant| self.license_by_exact_key(&meant))
    }

    fn license_by_exact_key(&self, license_key: &LicenseKey) -> Result<Option<License>, Error> {
        // With the subquery, SQLite reads the key from the table. A plain condition would read it from the index,
        // where it always equals the key that was looked for, also when a damaged index points to another row.
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
                   assigned_at, status, contract_id, created_at, updated_at, checksum
                   FROM licenses WHERE id = (SELECT id FROM licenses WHERE license_key = ?1)";
        match self.locking_sql(sql).one(&[&license_key.as_str()], read)? {
            Some(license) if !license.license_key.eq_ignore_ascii_case(license_key.as_str()) => {
                Err(license_checksum::error(license.id))
            }
            found => Ok(found),
        }
    }

    /// The number of licenses in a product's pool: available ones without a contract.
    pub fn count_licenses_in_pool(&self, product_id: i64) -> Result<i64, Error> {
        let sql = "SELECT count(*) FROM licenses WHERE product_id = ?1 AND status = 'available'
                   AND contract_id IS NULL";
        self.sql(sql).value(&[&product_id])
    }

    /// Adds a license and returns its id; `None`: its key exists already.
    pub fn add_license(&self, license: &NewLicense, now: Timestamp) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO licenses (product_id, license_key, owner_name, owner_email, activation_limit, validity,
                                         assigned_at, status, contract_id, created_at, updated_at, owner_name_folded,
                                         owner_email_folded)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11, ?12)
                   ON CONFLICT (license_key) DO NOTHING RETURNING id";
        let id: Option<i64> = self.sql(sql).one(
            &[
                &license.product_id,
                &license.license_key.as_str(),
                &license.owner_name,
                &license.owner_email,
                &license.activation_limit,
                &license.validity,
                &license.assigned_at,
                &license.status.as_str(),
                &license.contract_id,
                &now,
                &folded(license.owner_name.as_deref()),
                &folded(license.owner_email.as_deref()),
            ],
            |row| row.get(0),
        )?;
        if let Some(id) = id {
            self.audit(Subject::License(id), "created", Some(&license.status.as_str()))?;
        }
        Ok(id)
    }

    /// Writes all fields of a license that can change. `before`: the license as this transaction read it. `change`: the
    /// change in a word, for the audit trail.
    pub fn change_license(
        &self,
        before: &License,
        license: &License,
        change: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE licenses
                   SET product_id = ?2, owner_name = ?3, owner_email = ?4, activation_limit = ?5,
                   validity = ?6, assigned_at = ?7, status = ?8, updated_at = ?9, owner_name_folded = ?10,
                   owner_email_folded = ?11
                   WHERE id = ?1";
        self.sql(sql).execute(&[
            &license.id,
            &license.product_id,
            &license.owner_name,
            &license.owner_email,
            &license.activation_limit,
            &license.validity,
            &license.assigned_at,
            &license.status.as_str(),
            &now,
            &folded(license.owner_name.as_deref()),
            &folded(license.owner_email.as_deref()),
        ])?;
        self.audit(Subject::License(license.id), change, Some(&before.difference(license)))
    }

    /// Deletes a license with its activations and its metadata. Telemetry about it stays.
    pub fn delete_license(&self, id: i64) -> Result<(), Error> {
        // Before the deletion, while its key can be read.
        self.audit(Subject::License(id), "deleted", None)?;
        self.sql("DELETE FROM licenses WHERE id = ?1").execute(&[&id])?;
        Ok(())
    }

    /// Writes the owner of a license that was just assigned, and since when.
    pub fn assign_license(&self, license: &License) -> Result<(), Error> {
        let sql = "UPDATE licenses
                   SET status = ?2, owner_name = ?3, owner_email = ?4, assigned_at = ?5, updated_at = ?6,
                   owner_name_folded = ?7, owner_email_folded = ?8
                   WHERE id = ?1";
        self.sql(sql).execute(&[
            &license.id,
            &license.status.as_str(),
            &license.owner_name,
            &license.owner_email,
            &license.assigned_at,
            &license.updated_at,
            &folded(license.owner_name.as_deref()),
            &folded(license.owner_email.as_deref()),
        ])?;
        let owner = license.owner_email.as_ref().map(|owner| owner as &dyn Display);
        self.audit(Subject::License(license.id), "assigned", owner)
    }
}

/// An owner's name or address as it is searched for.
pub(super) fn folded(owner: Option<&str>) -> Option<String> {
    owner.map(fold_owner)
}

/// Reads a license. A status that this program never writes or a wrong checksum is damage.
pub(super) fn read(row: &Row<'_>) -> Result<License, Error> {
    let id = row.get(0)?;
    let Some(status) = LicenseStatus::parse(row.get(8)?) else {
        return Err(license_checksum::error(id));
    };
    if row.get::<i64>(12)? != license_checksum::of(row.get(1)?, row.get(5)?, row.get(6)?, row.get(7)?) {
        return Err(license_checksum::error(id));
    }
    Ok(License {
        id,
        product_id: row.get(1)?,
        license_key: row.get(2)?,
        owner_name: row.get(3)?,
        owner_email: row.get(4)?,
        activation_limit: row.get(5)?,
        validity: row.get(6)?,
        assigned_at: row.get(7)?,
        status,
        contract_id: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
    })
}
