//! Makes one change to many licenses, slice by slice, and reports it.

use std::collections::HashSet;

use serde_json::json;

use crate::cli::{Output, Result, actor, operation};
use crate::domain::{License, LicenseKey, LicenseQuery, Timestamp};
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::operations::{
    BULK_SLICE, BulkChange, BulkResult, BulkSlice, Operation, give_way, is_found, next_of_query,
};
use crate::store::{Decision, Error, Store};

/// How many licenses that were not changed are named.
const MAX_NAMED: usize = 100;

/// The licenses that are changed.
pub enum Selection {
    Query(LicenseQuery),
    Keys(Vec<LicenseKey>),
}

/// The results so far.
#[derive(Default)]
pub struct Totals {
    changed: u64,
    unchanged: u64,
    not_found: Vec<String>,
    refused: u64,
    /// The first of those that were refused, with the reasons.
    named: Vec<(String, String)>,
}

/// A change to many licenses.
pub struct Bulk {
    pub data: DataDir,
    pub store: Store,
    pub change: BulkChange,
    pub is_dry: bool,
    /// The time of the states that the query asks for, and of the changes.
    pub now: Timestamp,
}

impl Bulk {
    /// Changes all selected licenses.
    pub fn run(&self, selection: &Selection) -> Result<Totals> {
        let mut totals = Totals::default();
        match selection {
            Selection::Query(query) => self.run_query(query, &mut totals)?,
            Selection::Keys(keys) => self.run_keys(keys, &mut totals)?,
        }
        let (change, changed) = (self.change.clone(), totals.changed);
        if changed > 0 && !self.is_dry {
            self.write(move |operation| operation.record_bulk(&change, changed))?;
        }
        Ok(totals)
    }

    fn run_query(&self, query: &LicenseQuery, totals: &mut Totals) -> Result {
        let (mut after, now) = (0, self.now);
        loop {
            let found = self.store.try_read(|tx| next_of_query(tx, query, after, now))?;
            let Some(last) = found.last() else { return Ok(()) };
            after = last.id;
            let query = query.clone();
            self.change_all(found, totals, move |operation, license| {
                is_found(operation.tx, &query, license, operation.now)
            })?;
        }
    }

    fn run_keys(&self, keys: &[LicenseKey], totals: &mut Totals) -> Result {
        // A list may name a license twice, in other letters too.
        let (mut ids, mut unknown) = (HashSet::new(), HashSet::new());
        for keys in keys.chunks(usize::try_from(BULK_SLICE)?) {
            let mut found: Vec<License> = Vec::new();
            for key in keys {
                match self.store.try_read(|tx| tx.license_by_key(key))? {
                    Some(license) if ids.insert(license.id) => found.push(license),
                    None if unknown.insert(key.as_str()) => totals.not_found.push(key.as_str().to_owned()),
                    _ => {}
                }
            }
            self.change_all(found, totals, |_, _| Ok(true))?;
        }
        Ok(())
    }

    /// Changes licenses in slices.
    fn change_all(
        &self,
        mut licenses: Vec<License>,
        totals: &mut Totals,
        still_matches: impl Fn(&Operation<'_>, &License) -> Result<bool, Error> + Clone + Send + 'static,
    ) -> Result {
        while !licenses.is_empty() {
            let (slice, change, still_matches) =
                (licenses.clone(), self.change.clone(), still_matches.clone());
            let (tried, results) = self.write(move |operation| {
                operation.change_slice(&slice, &change, |license| still_matches(operation, license))
            })?;
            totals.add(results);
            give_way(&self.data)?;
            licenses.drain(..tried.min(licenses.len()));
        }
        Ok(())
    }

    /// Runs `job` in a transaction, which a dry run rolls back.
    fn write<T: Send + 'static>(
        &self,
        job: impl Fn(&Operation<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T> {
        let (actor, is_dry, now) = (actor(), self.is_dry, self.now);
        let done = self.store.write_blocking(move |tx| {
            tx.act_as(actor.clone());
            let done = job(&Operation { now, ..operation(tx) });
            if is_dry || done.is_err() { Decision::Rollback(done) } else { Decision::Commit(done) }
        })?;
        Ok(done?)
    }

    /// How many licenses are selected.
    pub fn count(&self, selection: &Selection) -> Result<usize> {
        let query = match selection {
            Selection::Keys(keys) => return Ok(keys.len()),
            Selection::Query(query) => query,
        };
        let (mut after, mut count) = (0, 0);
        loop {
            let found = self.store.try_read(|tx| next_of_query(tx, query, after, self.now))?;
            let Some(last) = found.last() else { return Ok(count) };
            (after, count) = (last.id, count + found.len());
        }
    }
}

impl Totals {
    fn add(&mut self, results: BulkSlice) {
        for (license_key, result) in results {
            match result {
                BulkResult::Changed => self.changed += 1,
                BulkResult::Unchanged => self.unchanged += 1,
                BulkResult::Refused(reason) => {
                    self.refused += 1;
                    if self.named.len() < MAX_NAMED {
                        self.named.push((license_key, reason));
                    }
                }
            }
        }
    }
}

/// Prints what was done.
pub fn report(bulk: &Bulk, totals: &Totals, is_query: bool, output: &mut Output<'_>) -> Result {
    let Totals { changed, unchanged, not_found, refused, named } = totals;
    if is_query && changed + unchanged + refused == 0 {
        return Err("no license matches: see \"keyseal license list\" with the same options".into());
    }
    let reasons: Vec<_> =
        named.iter().map(|(key, reason)| json!({ "license_key": key, "reason": reason })).collect();
    let value = json!({
        "dry_run": bulk.is_dry, "changed": changed, "unchanged": unchanged, "refused": refused,
        "reasons": reasons, "not_found": not_found,
    });
    let done = bulk.change.done();
    let verb = match (bulk.is_dry, *changed) {
        (true, _) => "would be",
        (false, 1) => "is",
        (false, _) => "are",
    };
    let mut lines = vec![format!("{} {verb} {done}", number(*changed, "license", "licenses"))];
    lines.extend((*unchanged > 0).then(|| {
        format!("{unchanged} {}", if *unchanged == 1 { "stays as it is" } else { "stay as they are" })
    }));
    lines.extend((*refused > 0).then(|| format!("{refused} can't be {done}:")));
    lines.extend(named.iter().map(|(key, reason)| format!("  {key}: {reason}")));
    let unnamed = refused - named.len() as u64;
    lines.extend((unnamed > 0).then(|| format!("  … and {unnamed} more")));
    output.result(&value, &lines.join("\n"))?;
    if not_found.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = not_found.iter().take(MAX_NAMED).map(String::as_str).collect();
    let keys = number(not_found.len(), "license key", "license keys");
    Err(format!("{keys} not found: {}", shown.join(", ")).into())
}
