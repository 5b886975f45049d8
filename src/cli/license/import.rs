//! `keyseal license import`: imports licenses from a CSV file, all of them or none.
//!
//! The file is read twice. The first pass checks every line in a read transaction and blocks nobody. The second
//! writes in one transaction, so that a killed import leaves nothing behind; it checks each line again, since the
//! database may have changed in between.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::csv::{Columns, Line};
use crate::cli::{Output, Result, change, now, open};
use crate::domain::{LicenseKey, NewActivation, NewLicense, Timestamp};
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::store::Tx;

/// Number of bad lines that are reported one by one.
const MAX_REPORTED: usize = 100;

/// Size in bytes from which a progress bar is shown.
const LONG_FILE: u64 = 4 * 1024 * 1024;

#[derive(clap::Args)]
pub struct Args {
    #[arg(
        help = "CSV file. Its first line names the columns: license_key and product_id, and optionally owner_name, \
                owner_email, activation_limit, validity, assigned_at, status, and identifiers (a JSON array of strings)"
    )]
    file: PathBuf,
    /// Check every line without importing any
    #[arg(long)]
    dry_run: bool,
    /// Skip bad lines and import the good ones
    #[arg(long)]
    skip_bad: bool,
}

/// The result of reading a file.
#[derive(Default)]
struct Report {
    good: u64,
    bad: u64,
    /// The first bad lines, each with its number and what is wrong with it.
    reported: Vec<(u64, String)>,
}

impl Report {
    fn record(&mut self, line: u64, checked: Result<(), String>) {
        match checked {
            Ok(()) => self.good += 1,
            Err(reason) => {
                self.bad += 1;
                if self.reported.len() < MAX_REPORTED {
                    self.reported.push((line, reason));
                }
            }
        }
    }

    /// The bad lines as text.
    fn text(&self) -> String {
        let mut lines: Vec<String> =
            self.reported.iter().map(|(line, reason)| format!("line {line}: {reason}")).collect();
        let more = self.bad.saturating_sub(self.reported.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines.join("\n")
    }
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let store = open(data)?;
    let checked = store.try_read(|tx| check(tx, &args.file))?;
    refuse_if_bad(&checked, args.skip_bad)?;
    let report = if args.dry_run {
        checked
    } else {
        let (file, skip_bad) = (args.file.clone(), args.skip_bad);
        change(&store, move |tx| {
            tx.begin_audit_as_one();
            let written = write(tx, &file, now())?;
            refuse_if_bad(&written, skip_bad)?;
            tx.end_audit_as_one(
                "created",
                &format!("{} of {}", number(written.good, "license", "licenses"), file.display()),
            )?;
            Ok(written)
        })?
    };
    if report.bad > 0 {
        output.note(&report.text());
    }
    let mut text = number(report.good, "license", "licenses");
    text.push_str(if args.dry_run { " can be imported; nothing was written" } else { " imported" });
    if report.bad > 0 {
        text = format!("{text}; {} skipped", number(report.bad, "bad line", "bad lines"));
    }
    let bad_lines: Vec<_> =
        report.reported.iter().map(|(line, reason)| json!({ "line": line, "reason": reason })).collect();
    let value = json!({
        "imported": if args.dry_run { 0 } else { report.good }, "good": report.good, "bad": report.bad,
        "bad_lines": bad_lines, "dry_run": args.dry_run,
    });
    output.result(&value, &text)
}

fn refuse_if_bad(report: &Report, skip_bad: bool) -> Result {
    if report.bad == 0 || skip_bad {
        return Ok(());
    }
    let Report { good, bad, .. } = report;
    let lines = report.text();
    let bad = number(*bad, "bad line", "bad lines");
    let good =
        if *good > 0 { format!(" and {}", number(*good, "good one", "good ones")) } else { String::new() };
    Err(format!(
        "{bad}{good}; nothing was written: correct the file, or skip bad lines with --skip-bad\n{lines}"
    )
    .into())
}

/// Checks every line against the others and against the database.
fn check(tx: &Tx<'_>, file: &Path) -> Result<Report> {
    tx.begin_noting_keys()?;
    let mut products = Products::default();
    each_line(file, "checking", |number, line| {
        let Line { license_key, product, .. } = line;
        if products.id(tx, &product)?.is_none() {
            return Ok(Err(unknown_product(&product)));
        }
        let earlier = tx.note_key(&license_key, i64::try_from(number).unwrap_or(i64::MAX))?;
        if let Some(earlier) = earlier {
            return Ok(Err(format!("license key {license_key} is on line {earlier} too")));
        }
        if tx.license_by_key(&license_key)?.is_some() {
            return Ok(Err(exists(&license_key)));
        }
        Ok(Ok(()))
    })
}

/// Writes every good line in the caller's transaction.
fn write(tx: &Tx<'_>, file: &Path, now: Timestamp) -> Result<Report> {
    tx.expect_a_large_change()?;
    let mut products = Products::default();
    each_line(file, "writing", |_, line| {
        let Some(product_id) = products.id(tx, &line.product)? else {
            return Ok(Err(unknown_product(&line.product)));
        };
        let license = NewLicense {
            product_id,
            license_key: line.license_key,
            owner_name: line.owner_name,
            owner_email: line.owner_email,
            activation_limit: line.activation_limit,
            validity: line.validity,
            assigned_at: line.assigned_at,
            status: line.status,
            contract_id: None,
        };
        let Some(license_id) = tx.add_license(&license, now)? else {
            return Ok(Err(exists(&license.license_key)));
        };
        for identifier in &line.identifiers {
            tx.add_activation(&NewActivation { license_id, identifier, address: None, post_url: None }, now)?;
        }
        Ok(Ok(()))
    })
}

/// Reads a file line by line, and reports the result of `job` for each.
fn each_line(
    file: &Path,
    doing: &'static str,
    mut job: impl FnMut(u64, Line) -> Result<Result<(), String>>,
) -> Result<Report> {
    let (mut reader, progress) = open_csv(file, doing)?;
    let in_file = |error: csv::Error| format!("can't read {}: {error}", file.display());
    let columns = Columns::read(reader.headers().map_err(in_file)?)
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let (mut record, mut report) = (ByteRecord::new(), Report::default());
    while reader.read_byte_record(&mut record).map_err(in_file)? {
        let number = record.position().map_or(0, csv::Position::line);
        let checked = match columns.line(&record) {
            Ok(line) => job(number, line)?,
            Err(reason) => Err(reason),
        };
        report.record(number, checked);
        progress.set_position(reader.position().byte());
    }
    progress.finish_and_clear();
    Ok(report)
}

fn open_csv(file: &Path, doing: &'static str) -> Result<(Reader<File>, ProgressBar)> {
    let failed = |error| format!("can't read {}: {error}", file.display());
    let opened = File::open(file).map_err(failed)?;
    let about = opened.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(format!(
            "{} is not a regular file: it is read twice, so it can't be a pipe",
            file.display()
        )
        .into());
    }
    // The bar hides itself if standard error is not a terminal.
    let progress =
        if about.len() < LONG_FILE { ProgressBar::hidden() } else { ProgressBar::new(about.len()) };
    progress.set_style(ProgressStyle::with_template("{prefix} {wide_bar} {percent}% {eta}")?);
    progress.set_prefix(doing);
    Ok((ReaderBuilder::new().flexible(true).from_reader(opened), progress))
}

/// A cache of product ids by the reference in the file.
#[derive(Default)]
struct Products(HashMap<String, i64>);

impl Products {
    fn id(&mut self, tx: &Tx<'_>, reference: &str) -> Result<Option<i64>> {
        if let Some(id) = self.0.get(reference) {
            return Ok(Some(*id));
        }
        let product = tx.product_by_reference(reference)?;
        if let Some(product) = &product {
            self.0.insert(reference.to_owned(), product.id);
        }
        Ok(product.map(|product| product.id))
    }
}

fn unknown_product(reference: &str) -> String {
    format!("there is no product {reference}: see \"keyseal product list\"")
}

fn exists(license_key: &LicenseKey) -> String {
    format!("license key {license_key} exists already")
}
