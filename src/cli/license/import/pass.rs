//! One pass over the file of an import: checks its lines, or writes them.

use std::io;

use indicatif::{ProgressBar, ProgressStyle};

use super::Args;
use super::plan::{Additions, Plan, Products, plan};
use super::report::{Done, Report};
use crate::cli::license::csv::{Columns, First, Line, Records, Rules, Source};
use crate::cli::{Result, now, operation};
use crate::domain::{NewActivation, NotesChange, Timestamp};
use crate::store::Tx;

/// Size in bytes from which a progress bar is shown.
const LONG_FILE: u64 = 4 * 1024 * 1024;

pub struct Pass<'a> {
    tx: &'a Tx<'a>,
    args: &'a Args,
    now: Timestamp,
    /// The result of the pass that checked; `None`: this is that pass.
    checked: Option<&'a Report>,
    products: Products,
}

impl<'a> Pass<'a> {
    /// Checks every line against the others and against the database.
    pub fn checking(tx: &'a Tx<'a>, args: &'a Args) -> Self {
        Self { tx, args, now: now(), checked: None, products: Products::default() }
    }

    /// Writes every line that was good in the pass before, in the caller's transaction.
    pub fn writing(tx: &'a Tx<'a>, args: &'a Args, checked: &'a Report) -> Self {
        Self { tx, args, now: now(), checked: Some(checked), products: Products::default() }
    }

    pub fn over(mut self, source: &Source) -> Result<Report> {
        match self.checked {
            None => self.tx.begin_noting_keys()?,
            Some(_) => self.tx.expect_a_large_change()?,
        }
        let in_file = |error: &dyn std::fmt::Display| format!("{}: {error}", source.name);
        let failed = |error: io::Error| format!("can't read {}: {error}", source.name);
        let format = source.format;
        let reader = source.reader().map_err(failed)?;
        let mut records = Records::new(reader, format.delimiter, format.line);
        let rules = Rules {
            ignore_unknown: self.args.ignore_unknown,
            has_product: self.args.product.is_some(),
            updates: self.args.update,
        };
        let mut report = Report::default();
        let first = records.next().map_err(|error| in_file(&error))?;
        let Some(first) = first else { return Err(in_file(&"it is empty").into()) };
        let fields = first.fields().ok_or_else(|| in_file(&"the first line is not UTF-8"))?;
        let columns = match Columns::read(&fields, format, rules).map_err(|error| in_file(&error))? {
            First::Header(columns) => columns,
            First::Key(columns) => {
                self.line(first.line, columns.line(&fields), &mut report)?;
                columns
            }
        };
        let progress = self.progress(source.length)?;
        while let Some(record) = records.next().map_err(|error| in_file(&error))? {
            let number = record.line;
            let line = match record.fields() {
                Some(fields) if Columns::is_blank(&fields) => continue,
                Some(fields) => columns.line(&fields),
                None => Line {
                    faults: vec!["not UTF-8: save the file as \"CSV UTF-8\"".to_owned()],
                    ..Line::default()
                },
            };
            self.line(number, line, &mut report)?;
            progress.set_position(records.bytes());
        }
        progress.finish_and_clear();
        report.left_out = columns.left_out;
        Ok(report)
    }

    /// Checks or writes a line, unless it was bad in the pass before. Its result goes into the report.
    fn line(&mut self, number: u64, line: Line, report: &mut Report) -> Result {
        if let Some(checked) = self.checked
            && report.take_over(number, checked.all_bad_lines())
        {
            return Ok(());
        }
        let done = match self.plan(number, line)? {
            Err(faults) => Err(faults),
            Ok(plan) if self.checked.is_none() => Ok(plan.done()),
            Ok(plan) => self.carry_out(plan)?,
        };
        report.record(number, done);
        Ok(())
    }

    fn plan(&mut self, number: u64, mut line: Line) -> Result<Result<Plan, Vec<String>>> {
        let Some(key) = line.license_key.clone() else {
            // The other faults are those of the line alone.
            self.product(&mut line)?;
            return plan(self.tx, self.args, line, None, None, self.now);
        };
        let product = self.product(&mut line)?;
        if self.checked.is_none() {
            let earlier = self.tx.note_key(&key, i64::try_from(number).unwrap_or(i64::MAX))?;
            if let Some(earlier) = earlier {
                line.faults.push(format!("license key {key} is on line {earlier} too"));
            }
        }
        // While new licenses are written, the database itself tells that a key exists.
        let looks = self.checked.is_none() || self.args.update || self.args.skip_existing;
        let existing = if looks { self.tx.license_by_key(&key)? } else { None };
        if existing.is_none() && product.is_none() && line.product.is_none() {
            line.faults.push("product_id is empty".to_owned());
        }
        // --product moves no license that exists.
        let product = product.filter(|_| existing.is_none() || line.product.is_some());
        plan(self.tx, self.args, line, product, existing, self.now)
    }

    /// The product of a line, or of all lines.
    fn product(&mut self, line: &mut Line) -> Result<Option<i64>> {
        let Some(reference) = line.product.as_ref().or(self.args.product.as_ref()) else { return Ok(None) };
        match self.products.id(self.tx, reference)? {
            Ok(id) => Ok(Some(id)),
            Err(fault) => {
                line.faults.push(fault);
                Ok(None)
            }
        }
    }

    fn carry_out(&self, plan: Plan) -> Result<Result<Done, Vec<String>>> {
        let done = plan.done();
        let (license_id, Additions { identifiers, notes }) = match plan {
            Plan::Skip | Plan::Unchanged => return Ok(Ok(done)),
            Plan::Create(license, additions) => match self.tx.add_license(&license, self.now)? {
                Some(id) => (id, additions),
                None => return Ok(Err(vec![format!("license key {} exists already", license.license_key)])),
            },
            Plan::Update(before, change, additions) => {
                self.tx.audit_each(|| operation(self.tx).change(&before, change))?;
                (before.id, additions)
            }
        };
        if notes != NotesChange::default() {
            let change = || operation(self.tx).change_notes(license_id, &notes);
            if done == Done::Updated {
                self.tx.audit_each(change)?
            } else {
                change()?
            };
        }
        for identifier in &identifiers {
            if done == Done::Updated && self.tx.is_activated(license_id, identifier)? {
                continue;
            }
            let activation = NewActivation { license_id, identifier, address: None, post_url: None };
            self.tx.add_activation(&activation, self.now)?;
        }
        Ok(Ok(done))
    }

    /// A bar that hides itself if standard error is not a terminal.
    fn progress(&self, length: u64) -> Result<ProgressBar> {
        let bar = if length < LONG_FILE { ProgressBar::hidden() } else { ProgressBar::new(length) };
        bar.set_style(ProgressStyle::with_template("{prefix} {wide_bar} {percent}% {eta}")?);
        bar.set_prefix(if self.checked.is_none() { "checking" } else { "writing" });
        Ok(bar)
    }
}

impl Plan {
    fn done(&self) -> Done {
        match self {
            Self::Create(..) => Done::Created,
            Self::Update(..) => Done::Updated,
            Self::Unchanged => Done::Unchanged,
            Self::Skip => Done::Skipped,
        }
    }
}
