//! The audit trail. Its entries are written by `Tx` in the transaction of the change: they are committed with it or
//! rolled back with it, on every engine.

use std::fmt::Display;

use crate::domain::{Actor, AuditEntry, AuditFilter, LicenseStatus, Subject, Timestamp};
use crate::store::sql::{Row, ToValue};
use crate::store::{Error, Tx};

/// The columns of an entry, with the name of the API key or contract.
pub(super) const COLUMNS: &str = "id, at, who, who_id,
    CASE who WHEN 'api_key' THEN (SELECT name FROM api_keys WHERE id = who_id)
             WHEN 'contract' THEN (SELECT name FROM contracts WHERE id = who_id) END,
    address, action, change, subject, subject_id, license_key, detail";

impl Tx<'_> {
    /// Sets the actor of all later changes. Changes before the call are not audited.
    pub fn act_as(&self, actor: Actor) {
        *self.actor.borrow_mut() = Some(actor);
    }

    /// Adds an entry about one change. `detail` describes it and is never a secret. Adds nothing without an actor:
    /// then the server acts by itself.
    pub(in crate::store) fn audit(
        &self,
        subject: Subject,
        change: &str,
        detail: Option<&dyn Display>,
    ) -> Result<(), Error> {
        if self.audits_as_one.get() {
            return Ok(());
        }
        self.insert_entry(Some(subject), change, detail)
    }

    /// Adds an entry, about many changes at once if it has no subject.
    fn insert_entry(
        &self,
        subject: Option<Subject>,
        change: &str,
        detail: Option<&dyn Display>,
    ) -> Result<(), Error> {
        let actor = self.actor.borrow();
        let Some(actor) = actor.as_ref() else { return Ok(()) };
        let sql = "INSERT INTO audit (at, who, who_id, address, action, change, subject, subject_id,
                   license_key, detail)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
                           CASE ?7 WHEN 'license' THEN (SELECT license_key FROM licenses WHERE id = ?8) END, ?9)";
        let (kind, id) = subject.map(Subject::parts).unzip();
        self.sql(sql).execute(&[
            &actor.at,
            &actor.caller.kind(),
            &actor.caller.id(),
            &actor.address.map(|address| address.to_string()),
            &actor.action,
            &change,
            &kind,
            &id.flatten(),
            &detail.map(ToString::to_string),
        ])?;
        Ok(())
    }

    /// Adds an entry if `if_done` is true. Returns `if_done`.
    pub(in crate::store) fn audit_if(
        &self,
        if_done: bool,
        subject: Subject,
        change: &str,
        detail: Option<&dyn Display>,
    ) -> Result<bool, Error> {
        if if_done {
            self.audit(subject, change, detail)?;
        }
        Ok(if_done)
    }

    /// Adds an entry for each license under a contract, or for each of those with a status.
    pub(in crate::store) fn audit_licenses_of_contract(
        &self,
        contract_id: i64,
        change: &str,
        status: Option<LicenseStatus>,
    ) -> Result<(), Error> {
        let actor = self.actor.borrow();
        let Some(actor) = actor.as_ref() else { return Ok(()) };
        let sql =
            "INSERT INTO audit (at, who, who_id, address, action, change, subject, subject_id, license_key)
                   SELECT ?1, ?2, ?3, ?4, ?5, ?6, 'license', id, license_key FROM licenses
                   WHERE contract_id = ?7 AND (status = ?8 OR ?8 IS NULL) ORDER BY id";
        self.sql(sql).execute(&[
            &actor.at,
            &actor.caller.kind(),
            &actor.caller.id(),
            &actor.address.map(|address| address.to_string()),
            &actor.action,
            &change,
            &contract_id,
            &status.map(LicenseStatus::as_str),
        ])?;
        Ok(())
    }

    /// Adds an entry for each of some licenses that were just added.
    pub(in crate::store) fn audit_added_licenses(&self, ids: &[i64]) -> Result<(), Error> {
        if self.audits_as_one.get() {
            return Ok(());
        }
        let actor = self.actor.borrow();
        let Some(actor) = actor.as_ref() else { return Ok(()) };
        let numbers: Vec<String> = (7..7 + ids.len()).map(|number| format!("?{number}")).collect();
        let sql = format!(
            "INSERT INTO audit (at, who, who_id, address, action, change, subject, subject_id, license_key, detail)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, 'license', id, license_key, status FROM licenses
             WHERE id IN ({}) ORDER BY id",
            numbers.join(", ")
        );
        let address = actor.address.map(|address| address.to_string());
        let (kind, id, change) = (actor.caller.kind(), actor.caller.id(), "created");
        let mut values: Vec<&dyn ToValue> = vec![&actor.at, &kind, &id, &address, &actor.action, &change];
        values.extend(ids.iter().map(|id| id as &dyn ToValue));
        self.sql(&sql).execute(&values)?;
        Ok(())
    }

    /// Stops adding an entry for each change until [`Self::end_audit_as_one`]: an import of a million licenses is
    /// one entry.
    pub fn begin_audit_as_one(&self) {
        self.audits_as_one.set(true);
    }

    /// Adds an entry for each change that `job` makes, also after [`Self::begin_audit_as_one`].
    pub fn audit_each<T, E>(&self, job: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let as_one = self.audits_as_one.replace(false);
        let done = job();
        self.audits_as_one.set(as_one);
        done
    }

    /// Adds the one entry about all changes since [`Self::begin_audit_as_one`].
    pub fn end_audit_as_one(&self, change: &str, detail: &str) -> Result<(), Error> {
        self.audits_as_one.set(false);
        self.insert_entry(None, change, Some(&detail))
    }

    /// The last entries that match `filter`, oldest first. Scans the whole trail: an index would slow down every
    /// audited change.
    pub fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM audit
             WHERE (license_key = ?1 OR ?1 IS NULL)
               AND ((who = 'api_key' AND who_id = ?2) OR ?2 IS NULL)
               AND (at >= ?3 OR ?3 IS NULL) AND (at < ?4 OR ?4 IS NULL)
             ORDER BY id DESC LIMIT ?5"
        );
        let license_key = filter.license_key.as_ref().map(|key| key.as_str());
        let mut entries = self
            .sql(&sql)
            .all(&[&license_key, &filter.api_key_id, &filter.since, &filter.until, &filter.limit], read)?;
        entries.reverse();
        Ok(entries)
    }

    /// The number of entries and the time of the oldest one. Reads the whole trail.
    pub fn audit_size(&self) -> Result<(i64, Option<Timestamp>), Error> {
        self.sql("SELECT count(*), min(at) FROM audit").only(&[], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

/// Reads an entry from [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> Result<AuditEntry, Error> {
    Ok(AuditEntry {
        id: row.get(0)?,
        at: row.get(1)?,
        who_kind: row.get(2)?,
        who_id: row.get(3)?,
        who_name: row.get(4)?,
        address: row.get(5)?,
        action: row.get(6)?,
        change: row.get(7)?,
        subject_kind: row.get(8)?,
        subject_id: row.get(9)?,
        license_key: row.get(10)?,
        detail: row.get(11)?,
    })
}
