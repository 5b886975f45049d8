//! The audit trail, written in the transaction of what it tells of: what is undone leaves no trace, and what
//! is done always does.

use std::fmt::Display;

use rusqlite::Row;

use crate::domain::{Actor, AuditEntry, AuditFilter, LicenseStatus, Subject, Timestamp};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// Says on whose behalf everything is changed from here on.
    pub fn act_as(&self, actor: Actor) {
        *self.actor.borrow_mut() = Some(actor);
    }

    /// Starts a job that is not audited until it names its actor.
    pub(in crate::store) fn clear_actor(&self) {
        *self.actor.borrow_mut() = None;
        self.audits_as_one.set(false);
    }

    /// Notes one change. `detail`: what is worth knowing of it, never a secret. Nothing is noted of what the
    /// server does by itself.
    pub(in crate::store) fn audit(
        &self,
        subject: Subject,
        change: &str,
        detail: Option<&dyn Display>,
    ) -> Result<(), Error> {
        let actor = self.actor.borrow();
        let Some(actor) = actor.as_ref().filter(|_| !self.audits_as_one.get()) else { return Ok(()) };
        let sql = "INSERT INTO audit (at, who, who_id, address, action, change, subject, subject_id, license_key, detail)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
                           CASE ?7 WHEN 'license' THEN (SELECT license_key FROM licenses WHERE id = ?8) END, ?9)";
        let (kind, id) = subject.parts();
        let address = actor.address.map(|address| address.to_string());
        let values = (
            actor.at.0,
            actor.caller.kind(),
            actor.caller.id(),
            address,
            &actor.action,
            change,
            kind,
            id,
            detail.map(ToString::to_string),
        );
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// The same, `if_done`; gives that back.
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

    /// Notes what is done to all licenses under a contract, or to those of one status, each by itself.
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
                   WHERE contract_id = ?7 AND (?8 IS NULL OR status = ?8) ORDER BY id";
        let address = actor.address.map(|address| address.to_string());
        let status = status.map(LicenseStatus::as_str);
        let values = (
            actor.at.0,
            actor.caller.kind(),
            actor.caller.id(),
            address,
            &actor.action,
            change,
            contract_id,
            status,
        );
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Has the changes from here on noted as one: a million imported licenses are one entry.
    pub fn begin_audit_as_one(&self) {
        self.audits_as_one.set(true);
    }

    /// Notes them.
    pub fn end_audit_as_one(&self, change: &str, detail: &str) -> Result<(), Error> {
        self.audits_as_one.set(false);
        let actor = self.actor.borrow();
        let Some(actor) = actor.as_ref() else { return Ok(()) };
        let sql =
            "INSERT INTO audit (at, who, who_id, action, change, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = (actor.at.0, actor.caller.kind(), actor.caller.id(), &actor.action, change, detail);
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// The last entries that `filter` lets through, the oldest of them first. Those of a license are found by an
    /// index; any others are looked for in the whole trail.
    pub fn audit_entries(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, Error> {
        let sql = entries_sql(filter.license_key.is_some());
        let values = (
            filter.license_key.as_ref().map(|key| key.as_str().to_owned()),
            filter.api_key_id,
            filter.since.map(|moment| moment.0),
            filter.until.map(|moment| moment.0),
            filter.limit,
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut entries: Vec<AuditEntry> = statement.query_map(values, read)?.collect::<Result<_, _>>()?;
        entries.reverse();
        Ok(entries)
    }

    /// How many entries there are, and when the oldest was made. Reads the whole trail.
    pub fn audit_size(&self) -> Result<(i64, Option<Timestamp>), Error> {
        let sql = "SELECT count(*), min(at) FROM audit";
        Ok(self
            .connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(Timestamp))))?)
    }

    /// Forgets what is older, and gives how many entries that were.
    pub fn prune_audit(&self, before: Timestamp) -> Result<usize, Error> {
        Ok(self.connection.prepare_cached("DELETE FROM audit WHERE at < ?1")?.execute([before.0])?)
    }
}

/// The query for entries, of one license or of all. A condition that serves both would keep SQLite from the index.
fn entries_sql(of_license: bool) -> String {
    let license = if of_license { "license_key = ?1" } else { "?1 IS NULL" };
    format!(
        "SELECT id, at, who, who_id,
                CASE who WHEN 'api_key' THEN (SELECT name FROM api_keys WHERE id = who_id)
                         WHEN 'contract' THEN (SELECT name FROM contracts WHERE id = who_id) END,
                address, action, change, subject, subject_id, license_key, detail
         FROM audit
         WHERE {license} AND (?2 IS NULL OR (who = 'api_key' AND who_id = ?2))
           AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)
         ORDER BY id DESC LIMIT ?5"
    )
}

fn read(row: &Row<'_>) -> Result<AuditEntry, rusqlite::Error> {
    Ok(AuditEntry {
        id: row.get(0)?,
        at: Timestamp(row.get(1)?),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{schema, sqlite::connection};

    #[test]
    fn the_entries_of_a_license_are_found_by_the_index_in_their_order() {
        let connection = connection::open_in_memory().unwrap();
        connection.execute_batch(schema::SCHEMA).unwrap();
        let plan = |of_license| {
            let sql = format!("EXPLAIN QUERY PLAN {}", entries_sql(of_license));
            let mut statement = connection.prepare(&sql).unwrap();
            let lines = statement.query_map((0, 0, 0, 0, 0), |row| row.get::<_, String>(3)).unwrap();
            lines.collect::<Result<Vec<_>, _>>().unwrap()
        };
        assert_eq!(plan(true)[0], "SEARCH audit USING INDEX audit_by_license (license_key=?)");
        assert!(!plan(true).iter().any(|line| line.contains("SORT") || line.contains("B-TREE")));
        assert_eq!(plan(false)[0], "SCAN audit");
    }
}
