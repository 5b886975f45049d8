//! Contracts. How many licenses are under one is counted, not kept.

use rusqlite::{OptionalExtension as _, Params, Row, ToSql};

use crate::domain::{Contract, ContractStatus, LicenseStatus, Permission, Subject, Terms, Timestamp};
use crate::store::{Error, Tx};

impl Tx<'_> {
    pub fn contract(&self, id: i64) -> Result<Option<Contract>, Error> {
        let sql = "SELECT id, uuid, name, information, contract_key, license_keys_quantity, product_id, can_get_info, can_generate,
                          can_destroy, can_destroy_all, status, created_at, updated_at,
                          (SELECT count(*) FROM licenses WHERE contract_id = contracts.id)
                   FROM contracts WHERE id = ?1";
        self.connection.prepare_cached(sql)?.query_row([id], read).optional()?.transpose()
    }

    /// A contract by its owner's credential, exactly as it was agreed.
    pub fn contract_by_key(&self, contract_key: &str) -> Result<Option<Contract>, Error> {
        let sql = "SELECT id FROM contracts WHERE contract_key = ?1";
        let id =
            self.connection.prepare_cached(sql)?.query_row([contract_key], |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| self.contract(id))
    }

    /// A contract by what clients call it: digits are its id, all else its uuid or its key (API §3.10).
    pub fn contract_by_reference(&self, reference: &str) -> Result<Option<Contract>, Error> {
        if let Ok(id) = reference.parse() {
            return self.contract(id);
        }
        let sql = "SELECT id FROM contracts WHERE uuid = ?1";
        let id = self.connection.prepare_cached(sql)?.query_row([reference], |row| row.get(0)).optional()?;
        id.map_or_else(|| self.contract_by_key(reference), |id| self.contract(id))
    }

    /// All contracts, by id.
    pub fn contracts(&self) -> Result<Vec<Contract>, Error> {
        let sql = "SELECT id, uuid, name, information, contract_key, license_keys_quantity, product_id, can_get_info, can_generate,
                          can_destroy, can_destroy_all, status, created_at, updated_at,
                          (SELECT count(*) FROM licenses WHERE contract_id = contracts.id)
                   FROM contracts ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([], read)?.map(|row| row?).collect()
    }

    /// Gives the new contract's id. The caller has checked, in this transaction, that its key is no other contract's.
    pub fn add_contract(&self, uuid: &str, terms: &Terms, now: Timestamp) -> Result<i64, Error> {
        let sql = "INSERT INTO contracts (uuid, name, information, contract_key, license_keys_quantity, product_id, can_get_info,
                                          can_generate, can_destroy, can_destroy_all, status, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12) RETURNING id";
        let id =
            self.connection.prepare_cached(sql)?.query_row(values(&uuid, terms, now), |row| row.get(0))?;
        self.audit(Subject::Contract(id), "created", None)?;
        Ok(id)
    }

    /// Agrees anew. The caller has checked, in this transaction, that the key is no other contract's.
    pub fn set_contract_terms(&self, id: i64, terms: &Terms, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE contracts
                   SET name = ?2, information = ?3, contract_key = ?4, license_keys_quantity = ?5, product_id = ?6, can_get_info = ?7,
                       can_generate = ?8, can_destroy = ?9, can_destroy_all = ?10, status = ?11, updated_at = ?12
                   WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute(values(&id, terms, now))?;
        self.audit(Subject::Contract(id), "changed", None)
    }

    /// Ends a contract; its licenses stay, and are no contract's. Those that are available are held back from
    /// now on: its owner may have given them to somebody, so no pool may. `false`: there is no such contract.
    pub fn delete_contract(&self, id: i64) -> Result<bool, Error> {
        // Before it, while it can be told which they are.
        self.audit_licenses_of_contract(id, "reserved", Some(LicenseStatus::Available))?;
        let sql = "UPDATE licenses SET status = 'reserved' WHERE contract_id = ?1 AND status = 'available'";
        self.connection.prepare_cached(sql)?.execute([id])?;
        let deleted =
            self.connection.prepare_cached("DELETE FROM contracts WHERE id = ?1")?.execute([id])? == 1;
        self.audit_if(deleted, Subject::Contract(id), "deleted", None)
    }

    /// Deletes all licenses under a contract, and gives their number.
    pub fn delete_licenses_of_contract(&self, id: i64) -> Result<usize, Error> {
        // Before it, while their keys are there to be noted.
        self.audit_licenses_of_contract(id, "deleted", None)?;
        Ok(self.connection.prepare_cached("DELETE FROM licenses WHERE contract_id = ?1")?.execute([id])?)
    }
}

/// What both statements that write a contract take, in this order: what names it, its terms, and the time.
fn values<'a>(name: &'a dyn ToSql, terms: &'a Terms, now: Timestamp) -> impl Params + use<'a> {
    (
        name,
        &terms.name,
        &terms.information,
        &terms.contract_key,
        terms.license_keys_quantity,
        terms.product_id,
        terms.allow(Permission::GetInfo),
        terms.allow(Permission::Generate),
        terms.allow(Permission::Destroy),
        terms.allow(Permission::DestroyAll),
        terms.status.as_str(),
        now.0,
    )
}

fn read(row: &Row<'_>) -> Result<Result<Contract, Error>, rusqlite::Error> {
    let id = row.get(0)?;
    let Some(status) = ContractStatus::parse(row.get_ref(11)?.as_str()?) else {
        return Ok(Err(Error::unreadable_row("contract status", id)));
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
    Ok(Ok(Contract {
        id,
        uuid: row.get(1)?,
        terms,
        created_at: Timestamp(row.get(12)?),
        updated_at: Timestamp(row.get(13)?),
        license_keys_count: row.get(14)?,
    }))
}
