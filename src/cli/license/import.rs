//! `keyseal license import`: takes licenses in from a CSV file, all of them or none.
//!
//! The file is read twice. The first time checks every line on a reader, beside a running server, and writes
//! nothing. The second time writes in one transaction, so that an import that is killed half-way has left
//! nothing behind; there each line is checked again, since the database may have changed in between.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::csv::{Columns, Line};
use crate::cli::terminal::output::number;
use crate::cli::{Output, Result, change, now, open};
use crate::domain::{LicenseKey, NewActivation, NewLicense, Timestamp};
use crate::files::DataDir;
use crate::store::Tx;

/// How many bad lines are told one by one.
const MAX_TOLD: usize = 100;

/// From this size on, in bytes, a file takes long enough to show how far it is.
const LONG_FILE: u64 = 4 * 1024 * 1024;

#[derive(clap::Args)]
pub struct Args {
    /// The CSV file. Its first line names the columns: `license_key` and `product_id`, and of `owner_name`,
    /// `owner_email`, `activation_limit`, `validity`, `assigned_at`, `status` and `identifiers` (a JSON array
    /// of texts) those that it has
    file: PathBuf,
    /// Check every line, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave out bad lines, and write the good ones
    #[arg(long)]
    skip_bad: bool,
}

/// What became of a file.
#[derive(Default)]
struct Report {
    good: u64,
    bad: u64,
    /// The first bad lines, with their numbers, and what is wrong with them.
    told: Vec<(u64, String)>,
}

impl Report {
    fn note(&mut self, line: u64, verdict: std::result::Result<(), String>) {
        match verdict {
            Ok(()) => self.good += 1,
            Err(reason) => {
                self.bad += 1;
                if self.told.len() < MAX_TOLD {
                    self.told.push((line, reason));
                }
            }
        }
    }

    /// The bad lines, for people.
    fn text(&self) -> String {
        let mut lines: Vec<String> =
            self.told.iter().map(|(line, reason)| format!("line {line}: {reason}")).collect();
        let more = self.bad.saturating_sub(self.told.len() as u64);
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
            tx.end_audit_as_one("created", &format!("{} licenses of {}", written.good, file.display()))?;
            Ok(written)
        })?
    };
    if report.bad > 0 {
        output.note(&report.text());
    }
    let done = if args.dry_run { "good, and nothing was written" } else { "imported" };
    let text = format!(
        "{} {done}; {} left out",
        number(report.good, "license is", "licenses are"),
        number(report.bad, "bad line is", "bad lines are")
    );
    let told: Vec<_> =
        report.told.iter().map(|(line, reason)| json!({ "line": line, "reason": reason })).collect();
    let value = json!({
        "imported": if args.dry_run { 0 } else { report.good }, "good": report.good, "bad": report.bad,
        "bad_lines": told, "dry_run": args.dry_run,
    });
    output.result(&value, &text)
}

fn refuse_if_bad(report: &Report, skip_bad: bool) -> Result {
    if report.bad == 0 || skip_bad {
        return Ok(());
    }
    let Report { good, bad, .. } = report;
    let lines = report.text();
    Err(format!(
        "{bad} bad lines, {good} good ones; nothing was written: mend them, or leave them out with --skip-bad\n{lines}"
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
            return Ok(Err(format!("license key {license_key} is on line {earlier} already")));
        }
        if tx.license_by_key(&license_key)?.is_some() {
            return Ok(Err(exists(&license_key)));
        }
        Ok(Ok(()))
    })
}

/// Writes every line that is good; the transaction is its caller's.
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

/// Reads a file line by line, holding no more than one, and reports what `job` says of each.
fn each_line(
    file: &Path,
    doing: &'static str,
    mut job: impl FnMut(u64, Line) -> Result<std::result::Result<(), String>>,
) -> Result<Report> {
    let (mut reader, progress) = open_csv(file, doing)?;
    let in_file = |error: csv::Error| format!("can't read {}: {error}", file.display());
    let columns = Columns::read(reader.headers().map_err(in_file)?)
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let (mut record, mut report) = (ByteRecord::new(), Report::default());
    while reader.read_byte_record(&mut record).map_err(in_file)? {
        let number = record.position().map_or(0, csv::Position::line);
        let verdict = match columns.line(&record) {
            Ok(line) => job(number, line)?,
            Err(reason) => Err(reason),
        };
        report.note(number, verdict);
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
        return Err(format!("{} is no file: it is read twice, so it can't be a pipe", file.display()).into());
    }
    // It hides by itself where standard error is no terminal.
    let progress =
        if about.len() < LONG_FILE { ProgressBar::hidden() } else { ProgressBar::new(about.len()) };
    progress.set_style(ProgressStyle::with_template("{prefix} {wide_bar} {percent}% {eta}")?);
    progress.set_prefix(doing);
    Ok((ReaderBuilder::new().flexible(true).from_reader(opened), progress))
}

/// The ids of the products that a file names: few, and asked for on every line.
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
    format!("no product {reference}: see \"keyseal product list\"")
}

fn exists(license_key: &LicenseKey) -> String {
    format!("license key {license_key} exists already")
}
