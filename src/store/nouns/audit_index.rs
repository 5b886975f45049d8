//! The index of the audit trail by license, and a license's entries.
//!
//! An index that each change keeps current would cost an activation a third of its rate: every entry of another license
//! goes to another page. So the server adds the entries of 10,000 consecutive ids at once, as one run, sorted by
//! license. The key begins with the run, so a run is appended to the end of the index. A license's entries are looked
//! up in each run; the entries after the last run are read one by one. The index may end anywhere: a command finds the
//! same entries without a server, only later.

use std::ops::ControlFlow;

use super::audit;
use crate::domain::{AuditEntry, Timestamp};
use crate::store::{Error, Tx};

/// The number of ids in a run.
const RUN: i64 = 10_000;

impl Tx<'_> {
    /// Whether [`Self::index_audit_run`] has something to do.
    pub fn has_audit_run(&self) -> Result<bool, Error> {
        Ok(self.next_audit_run()?.is_some() || self.pruned_audit_run()?.is_some())
    }

    /// Adds the next complete run to the index, and removes one run of entries that were deleted.
    pub fn index_audit_run(&self) -> Result<(), Error> {
        if let Some(run) = self.pruned_audit_run()? {
            self.sql("DELETE FROM audit_by_license WHERE run = ?1").execute(&[&run])?;
        }
        let Some(run) = self.next_audit_run()? else { return Ok(()) };
        let (first, end) = (run.saturating_mul(RUN), run.saturating_add(1).saturating_mul(RUN));
        let sql = "INSERT INTO audit_by_license (run, license_id, audit_id)
                   SELECT ?1, subject_id, id FROM audit
                   WHERE id >= ?2 AND id < ?3 AND subject = 'license' AND subject_id IS NOT NULL
                   ORDER BY subject_id, id";
        self.sql(sql).execute(&[&run, &first, &end])?;
        // Says that the run is indexed, also if it has no entry of a license.
        let sql = "INSERT INTO audit_by_license (run, license_id, audit_id) VALUES (?1, 0, 0)";
        self.sql(sql).execute(&[&run])?;
        Ok(())
    }

    /// The entries about a license before a time, newest first: `limit` of them, and those of the same second as the
    /// last one. Also returns whether there are earlier ones.
    pub fn audit_of_license(
        &self,
        license_id: i64,
        before: Timestamp,
        limit: usize,
    ) -> Result<(Vec<AuditEntry>, bool), Error> {
        let mut found: Vec<AuditEntry> = Vec::new();
        let mut add = |entry: AuditEntry| {
            let is_full = found.len() >= limit && found.last().is_some_and(|last| last.at != entry.at);
            if is_full {
                return ControlFlow::Break(());
            }
            if entry.at < before {
                found.push(entry);
            }
            ControlFlow::Continue(())
        };
        let sql = "SELECT (SELECT min(run) FROM audit_by_license), (SELECT max(run) FROM audit_by_license)";
        let runs = self.first_and_last(sql)?;
        let indexed = runs.map_or(0, |(_, last)| last.saturating_add(1).saturating_mul(RUN));
        let columns = audit::COLUMNS;
        let tail = format!(
            "SELECT {columns} FROM audit WHERE id >= ?1 AND subject_id = ?2 AND subject = 'license' ORDER BY id DESC"
        );
        // Whether an earlier entry was found than those that are asked for.
        let mut is_done = false;
        self.sql(&tail).each(&[&indexed, &license_id], |row| {
            let flow = add(audit::read(row)?);
            is_done = flow.is_break();
            Ok(flow)
        })?;
        let Some((first, last)) = runs else { return Ok((found, is_done)) };
        let of_run = format!(
            "SELECT {columns} FROM audit WHERE id IN
             (SELECT audit_id FROM audit_by_license WHERE run = ?1 AND license_id = ?2) ORDER BY id DESC"
        );
        for run in (first..=last).rev() {
            if is_done {
                break;
            }
            self.sql(&of_run).each(&[&run, &license_id], |row| {
                let flow = add(audit::read(row)?);
                is_done = flow.is_break();
                Ok(flow)
            })?;
        }
        Ok((found, is_done))
    }

    /// The run after the last one that is indexed, if the trail has gone past it.
    fn next_audit_run(&self) -> Result<Option<i64>, Error> {
        let sql = "SELECT (SELECT max(run) FROM audit_by_license), (SELECT min(id) FROM audit),
                   (SELECT max(id) FROM audit)";
        let (indexed, oldest, newest): (Option<i64>, Option<i64>, Option<i64>) =
            self.sql(sql).only(&[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let (Some(oldest), Some(newest)) = (oldest, newest) else { return Ok(None) };
        let next = indexed.map_or(0, |last| last.saturating_add(1)).max(oldest / RUN);
        Ok((newest / RUN > next).then_some(next))
    }

    /// The first indexed run, if all its entries were deleted.
    fn pruned_audit_run(&self) -> Result<Option<i64>, Error> {
        let sql = "SELECT (SELECT min(run) FROM audit_by_license), (SELECT min(id) FROM audit)";
        let (first, oldest): (Option<i64>, Option<i64>) =
            self.sql(sql).only(&[], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first.zip(oldest).and_then(|(first, oldest)| (first < oldest / RUN).then_some(first)))
    }
}
