//! Reads and writes contracts. The number of licenses under a contract is counted, not stored.

use crate::domain::{Contract, ContractStatus, LicenseStatus, Permission, Subject, Terms, Timestamp};
use crate::store::sql::{Row, ToValue};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// Finds a contract by its id. A transaction that writes locks it until the transaction ends.
    pub fn contract(&self, id: i64) -> Result<Option<Contract>, Error> {
        let sql = "SELECT id, uuid, name, information, contract_key, license_keys_quantity, product_id,
                   can_get_info, can_generate, can_destroy, can_destroy_all, status, created_at, updated_at,
                          (SELECT count(*) FROM licenses WHERE contract_id = contracts.id)
                   FROM contracts WHERE id = ?1";
        self.locking_sql(sql).one(&[&id], read)
    }

    /// Finds a contract by its owner's credential, compared exactly.
    pub fn contract_by_key(&self, contract_key: &str) -> Result<Option<Contract>, Error> {
        let sql = "SELECT id FROM contracts WHERE contract_key = ?1";
        let id = self.sql(sql).one(&[&contract_key], |row| row.get(0))?;
        id.map_or(Ok(None), |id| self.contract(id))
    }

    /// A contract by the reference that clients use: digits are its id, all else its uuid or its key (API §3.10).
    pub fn contract_by_reference(&self, reference: &str) -> Result<Option<Contract>, Error> {
        if let Ok(id) = reference.parse() {
            return self.contract(id);
        }
        let id = self.sql("SELECT id FROM contracts WHERE uuid = ?1").one(&[&reference], |row| row.get(0))?;
        id.map_or_else(|| self.contract_by_key(reference), |id| self.contract(id))
    }

    /// All contracts, by id.
    pub fn contracts(&self) -> Result<Vec<Contract>, Error> {
        let sql = "SELECT id, uuid, name, information, contract_key, license_keys_quantity, product_id,
                   can_get_info, can_generate, can_destroy, can_destroy_all, status, created_at, updated_at,
                          (SELECT count(*) FROM licenses WHERE contract_id = contracts.id)
                   FROM contracts ORDER BY id";
        self.sql(sql).all(&[], read)
    }

    /// The ids of the active contracts whose key has fewer characters than `least`, in order.
    pub fn contracts_with_short_keys(&self, least: i64) -> Result<Vec<i64>, Error> {
        let sql =
            "SELECT id FROM contracts WHERE length(contract_key) < ?1 AND status = 'active' ORDER BY id";
        self.sql(sql).all(&[&least], |row| row.get(0))
    }

    /// Adds a contract and returns its id. The caller has checked in this transaction that no other contract has its
    /// key.
    pub fn add_contract(&self, uuid: &str, terms: &Terms, now: Timestamp) -> Result<i64, Error> {
        let sql = "INSERT INTO contracts (uuid, name, information, contract_key, license_keys_quantity,
                   product_id, can_get_info, can_generate, can_destroy, can_destroy_all, status, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12) RETURNING id";
        let id = with_values(&uuid, terms, now, |values| self.sql(sql).value(values))?;
        self.audit(Subject::Contract(id), "created", None)?;
        Ok(id)
    }

    /// Replaces the terms of a contract. The caller has checked in this transaction that no other contract has its key.
    pub fn set_contract_terms(&self, id: i64, terms: &Terms, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE contracts
                   SET name = ?2, information = ?3, contract_key = ?4, license_keys_quantity = ?5,
                   product_id = ?6, can_get_info = ?7, can_generate = ?8, can_destroy = ?9,
                   can_destroy_all = ?10, status = ?11, updated_at = ?12
                   WHERE id = ?1";
        with_values(&id, terms, now, |values| self.sql(sql).execute(values))?;
        self.audit(Subject::Contract(id), "changed", None)
    }

    /// Deletes a contract. Its licenses stay, without a contract. The available ones become reserved, because the
    /// contract's owner may have sold them: they must not enter the product's pool. `false`: there is no such contract.
    pub fn delete_contract(&self, id: i64) -> Result<bool, Error> {
        // Before the update, which hides which they were.
        self.audit_licenses_of_contract(id, "reserved", Some(LicenseStatus::Available))?;
        let sql = "UPDATE licenses SET status = 'reserved' WHERE contract_id = ?1 AND status = 'available'";
        self.sql(sql).execute(&[&id])?;
        // Those that are blocked now, when they are unblocked.
        let sql = "UPDATE licenses SET status_before_block = 'reserved'
                   WHERE contract_id = ?1 AND status_before_block = 'available'";
        self.sql(sql).execute(&[&id])?;
        let deleted = self.sql("DELETE FROM contracts WHERE id = ?1").execute(&[&id])? == 1;
        self.audit_if(deleted, Subject::Contract(id), "deleted", None)
    }

    /// Deletes all licenses under a contract. Returns how many there were.
    pub fn delete_licenses_of_contract(&self, id: i64) -> Result<usize, Error> {
        // Before the deletion, while their keys can be read.
        self.audit_licenses_of_contract(id, "deleted", None)?;
        self.sql("DELETE FROM licenses WHERE contract_id = ?1").execute(&[&id])
    }
}

/// Calls `run` with the values of both statements that write a contract: its uuid or id, its terms, and the time.
fn with_values<T>(
    name: &dyn ToValue,
    terms: &Terms,
    now: Timestamp,
    run: impl FnOnce(&[&dyn ToValue]) -> Result<T, Error>,
) -> Result<T, Error> {
    run(&[
        name,
        &terms.name,
        &terms.information,
        &terms.contract_key,
        &terms.license_keys_quantity,
        &terms.product_id,
        &terms.allow(Permission::GetInfo),
        &terms.allow(Permission::Generate),
        &terms.allow(Permission::Destroy),
        &terms.allow(Permission::DestroyAll),
        &terms.status.as_str(),
        &now,
    ])
}

fn read(row: &Row<'_>) -> Result<Contract, Error> {
    let id = row.get(0)?;
    let Some(status) = ContractStatus::parse(row.get(11)?) else {
        return Err(Error::unreadable_row("contract status", id));
    };
    let mut permissions = Vec::new();
    for (column, permission) in (7..).zip(Permission::ALL) {
        if row.get(column)? {
            permissions.push(permission);
        }
    }
    let terms = Terms {
        name: row.get(2)?,
        information: row.get(3)?,
        contract_key: row.get(4)?,
        license_keys_quantity: row.get(5)?,
        product_id: row.get(6)?,
        status,
        permissions,
    };
    Ok(Contract {
        id,
        uuid: row.get(1)?,
        terms,
        created_at: row.get(12)?,
        updated_at: row.get(13)?,
        license_keys_count: row.get(14)?,
    })
}
