//! `keyseal license import`: imports licenses from a CSV file, all of them or none.
//!
//! The file is read twice. The first pass checks every line in a read transaction and blocks nobody. The second
//! writes in one transaction, so that a killed import leaves nothing behind; it checks each line again, since the
//! database may have changed in between.

mod pass;
mod plan;
mod report;

use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use serde_json::json;

use super::csv::Source;
use crate::cli::{Output, Result, change, open};
use crate::domain::MAX_LICENSE_NUMBER;
use crate::files::DataDir;
use crate::maintenance::units::number;
use pass::Pass;
use report::Report;

/// The help in full.
const LONG_HELP: &str = "\
Import licenses from a CSV file, or a list of license keys: all of them, or none

The first line names the columns, in any order: license_key and product_id (an id, a uuid, a slug or a name), and \
optionally owner_name, owner_email, activation_limit, validity, assigned_at, status, expires_at, identifiers (a \
JSON array of strings), note, and order_reference. id, created_at and updated_at may be there and are not read. \
Fields are separated by commas, semicolons or tabs; a line sep=; is followed. An empty field, NULL and \\N are no \
value.

With --product, a file may also be a list of license keys alone, one on each line.

Works while the server runs. Its requests that change something wait while the licenses are written, and are answered \
with 1901 (unavailable) after five seconds. Requests that only read go on, and so does everything while the file is \
checked, or with --dry-run.";

/// Import licenses from a CSV file, or a list of license keys: all of them, or none
#[derive(Clone, clap::Args)]
#[command(
    long_about = LONG_HELP,
    after_help = "Examples:\n  keyseal license import licenses.csv --dry-run\n  \
                  keyseal license import keys.txt --product 1 --validity 365 --activation-limit 2"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// CSV file, or - for standard input
    file: PathBuf,
    /// Product of lines that name none: its id, UUID, slug or name
    #[arg(long)]
    product: Option<String>,
    /// Activation limit of new licenses whose line has none [default: 0, no limit]
    #[arg(long, value_name = "N", value_parser = license_number())]
    activation_limit: Option<i64>,
    /// Validity in days of new licenses whose line has none [default: 0, no expiry]
    #[arg(long, value_name = "DAYS", value_parser = license_number())]
    validity: Option<i64>,
    /// Give licenses that exist the fields of their lines. Fields that are empty stay, but an owner
    #[arg(long, conflicts_with = "skip_existing")]
    update: bool,
    /// Leave licenses that exist as they are
    #[arg(long)]
    skip_existing: bool,
    /// Leave out columns that are unknown
    #[arg(long)]
    ignore_unknown: bool,
    /// Check every line without importing any
    #[arg(long)]
    dry_run: bool,
    /// Skip bad lines and import the good ones
    #[arg(long)]
    skip_bad: bool,
}

fn license_number() -> RangedI64ValueParser {
    clap::value_parser!(i64).range(0..=MAX_LICENSE_NUMBER)
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let store = open(data)?;
    let source = Source::open(&args.file)?;
    let checked = store.try_read(|tx| Pass::checking(tx, args).over(&source))?;
    refuse_if_bad(&checked, args.skip_bad)?;
    if !checked.left_out.is_empty() {
        output.note(&format!("note: left out unknown columns: {}", checked.left_out.join(", ")));
    }
    let delimiter = char::from(source.format.delimiter).to_string();
    let report = if args.dry_run {
        checked
    } else {
        let args = args.clone();
        change(&store, move |tx| {
            tx.begin_audit_as_one();
            let written = Pass::writing(tx, &args, &checked).over(&source)?;
            refuse_if_bad(&written, args.skip_bad)?;
            // A change to a license that exists has an entry of its own.
            if written.created > 0 || written.updated == 0 {
                let count = number(written.created, "license", "licenses");
                tx.end_audit_as_one("created", &format!("{count} of {}", source.name))?;
            }
            Ok(written)
        })?
    };
    if report.bad > 0 {
        output.note(&report.text());
    }
    let imported = if args.dry_run { 0 } else { report.created };
    let value = json!({
        "imported": imported, "good": report.good(), "bad": report.bad, "bad_lines": report.bad_lines(),
        "dry_run": args.dry_run, "updated": if args.dry_run { 0 } else { report.updated },
        "unchanged": report.unchanged, "skipped_existing": report.skipped, "delimiter": delimiter,
    });
    output.result(&value, &summary(&report, args.dry_run))
}

/// The result in one line.
fn summary(report: &Report, dry_run: bool) -> String {
    let mut parts = vec![number(report.created, "license", "licenses")];
    parts.push(if dry_run { " can be imported" } else { " imported" }.to_owned());
    if report.updated > 0 {
        parts.push(format!(", {} {}", report.updated, if dry_run { "can be updated" } else { "updated" }));
    }
    if report.unchanged > 0 {
        parts.push(format!(", {} unchanged", report.unchanged));
    }
    if report.skipped > 0 {
        parts.push(format!("; {} skipped", number(report.skipped, "existing one", "existing ones")));
    }
    if dry_run {
        parts.push("; nothing was written".to_owned());
    }
    if report.bad > 0 {
        parts.push(format!("; {} skipped", number(report.bad, "bad line", "bad lines")));
    }
    parts.concat()
}

fn refuse_if_bad(report: &Report, skip_bad: bool) -> Result {
    if report.bad == 0 || skip_bad {
        return Ok(());
    }
    let bad = number(report.bad, "bad line", "bad lines");
    let good = match report.good() {
        0 => String::new(),
        good => format!(" and {}", number(good, "good one", "good ones")),
    };
    let lines = report.text();
    Err(format!(
        "{bad}{good}; nothing was written: correct the file, or skip bad lines with --skip-bad\n{lines}"
    )
    .into())
}
