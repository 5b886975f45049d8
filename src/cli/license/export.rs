//! `keyseal license export`: writes licenses to a CSV file that `license import` reads.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use csv::{ErrorKind, Terminator, WriterBuilder};
use serde_json::json;
use tempfile::NamedTempFile;

use super::Status;
use super::csv::{COLUMNS, WITHOUT_NOTES, escaped_for_spreadsheets, fields};
use crate::cli::product::reference;
use crate::cli::{Output, Result, open};
use crate::domain::LicenseStatus;
use crate::files::{DataDir, parent};
use crate::maintenance::units::number;
use crate::store::Tx;

/// Number of licenses in memory at once.
const PAGE: i64 = 1_000;

#[derive(clap::Args)]
pub struct Args {
    /// File to write, replaced if it exists. Only its owner can read it [default: standard output]
    file: Option<PathBuf>,
    /// Only licenses of this product: its id, UUID, slug or name
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    /// Only licenses with this status
    #[arg(long)]
    status: Option<Status>,
    /// Write for a spreadsheet: with a byte order mark, CRLF, and a ' before each cell that would run as a formula.
    /// Without this option the file holds every text as it is
    #[arg(long)]
    for_excel: bool,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let product = reference::optional_id(data, args.product.as_deref())?;
    let store = open(data)?;
    let Some(file) = &args.file else {
        if output.is_json() {
            return Err("--json prints the result on standard output: name a file for the licenses".into());
        }
        let exported = store.try_read(|tx| write(tx, product, args, output.writer()))?;
        note_escaped(exported.escaped, output);
        return Ok(());
    };
    let failed = |error: io::Error| format!("can't write {}: {error}", file.display());
    // The file gets its name when it is complete and on disk.
    let temporary = NamedTempFile::new_in(parent(file)).map_err(failed)?;
    let Exported { licenses, of_contracts, escaped } =
        store.try_read(|tx| write(tx, product, args, &mut BufWriter::new(temporary.as_file())))?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(file).map_err(|error| failed(error.error))?;
    if of_contracts > 0 {
        output.note(&format!(
            "note: {} made under a contract, which the file doesn't hold: after an import they belong to no contract",
            number(of_contracts, "license was", "licenses were")
        ));
    }
    note_escaped(escaped, output);
    let value = json!({
        "exported": licenses, "of_contracts": of_contracts, "escaped": escaped, "file": file.display().to_string(),
    });
    output.result(
        &value,
        &format!("{} exported to {}", number(licenses, "license", "licenses"), file.display()),
    )
}

#[derive(Default)]
struct Exported {
    licenses: u64,
    of_contracts: u64,
    /// The cells that a spreadsheet would run as formulas, and that were escaped.
    escaped: u64,
}

fn note_escaped(escaped: u64, output: &Output<'_>) {
    if escaped > 0 {
        output.note(&format!(
            "note: a ' was put before {}, so that no spreadsheet runs them as formulas; an import takes it off again",
            number(escaped, "cell", "cells")
        ));
    }
}

/// Writes the selected licenses, all from the snapshot of `tx`.
fn write(tx: &Tx<'_>, product: Option<i64>, args: &Args, to: &mut dyn Write) -> Result<Exported> {
    let status = args.status.map(LicenseStatus::from);
    if args.for_excel {
        to.write_all("\u{feff}".as_bytes())?;
    }
    let terminator = if args.for_excel { Terminator::CRLF } else { Terminator::Any(b'\n') };
    let mut writer = WriterBuilder::new().terminator(terminator).from_writer(to);
    let columns = if tx.has_license_notes()? { COLUMNS.len() } else { WITHOUT_NOTES };
    writer.write_record(COLUMNS.iter().take(columns)).map_err(unwrap_io)?;
    let (mut last, mut exported) = (0, Exported::default());
    loop {
        let page = tx.licenses_after(last, product, status, PAGE)?;
        let Some(end) = page.last() else { break };
        last = end.id;
        for license in &page {
            let identifiers = tx.active_identifiers(license.id)?;
            let mut fields = fields(license, &identifiers, tx.license_notes(license.id)?)?;
            if args.for_excel {
                exported.escaped += escape(&mut fields);
            }
            writer.write_record(fields.iter().take(columns)).map_err(unwrap_io)?;
            exported.licenses += 1;
            exported.of_contracts += u64::from(license.contract_id.is_some());
        }
    }
    writer.flush()?;
    Ok(exported)
}

/// Escapes the fields that a spreadsheet would run as formulas; returns their number.
fn escape(fields: &mut [String]) -> u64 {
    let mut escaped = 0;
    for field in fields {
        if let Some(text) = escaped_for_spreadsheets(field) {
            *field = text;
            escaped += 1;
        }
    }
    escaped
}

/// Returns the I/O error inside a CSV error, so that a closed pipe is recognized.
fn unwrap_io(error: csv::Error) -> Box<dyn Error + Send + Sync> {
    match error.into_kind() {
        ErrorKind::Io(error) => error.into(),
        other => format!("can't write a line of CSV: {other:?}").into(),
    }
}
