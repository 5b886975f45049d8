//! `keyseal license export`: writes licenses to a CSV file that `license import` reads.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use csv::{ErrorKind, Writer};
use serde_json::json;
use tempfile::NamedTempFile;

use super::Status;
use super::csv::{COLUMNS, fields};
use crate::cli::{Output, Result, open};
use crate::domain::LicenseStatus;
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::store::Tx;

/// Number of licenses in memory at once.
const PAGE: i64 = 1_000;

#[derive(clap::Args)]
pub struct Args {
    /// File to write, replaced if it exists. Only its owner can read it [default: standard output]
    file: Option<PathBuf>,
    /// Only licenses of this product
    #[arg(long, value_name = "ID")]
    product: Option<i64>,
    /// Only licenses with this status
    #[arg(long)]
    status: Option<Status>,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let store = open(data)?;
    let Some(file) = &args.file else {
        if output.is_json() {
            return Err("--json prints the result on standard output: name a file for the licenses".into());
        }
        store.try_read(|tx| write(tx, args, output.writer()))?;
        return Ok(());
    };
    let failed = |error: io::Error| format!("can't write {}: {error}", file.display());
    // The file gets its name when it is complete and on disk.
    let directory = file.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = NamedTempFile::new_in(directory).map_err(failed)?;
    let Exported { licenses, of_contracts } =
        store.try_read(|tx| write(tx, args, &mut BufWriter::new(temporary.as_file())))?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(file).map_err(|error| failed(error.error))?;
    if of_contracts > 0 {
        output.note(&format!(
            "note: {} made under a contract, which the file doesn't hold: after an import they belong to no contract",
            number(of_contracts, "license was", "licenses were")
        ));
    }
    let value =
        json!({ "exported": licenses, "of_contracts": of_contracts, "file": file.display().to_string() });
    output.result(
        &value,
        &format!("{} exported to {}", number(licenses, "license", "licenses"), file.display()),
    )
}

#[derive(Default)]
struct Exported {
    licenses: u64,
    of_contracts: u64,
}

/// Writes the selected licenses, all from the snapshot of `tx`.
fn write(tx: &Tx<'_>, args: &Args, to: &mut dyn Write) -> Result<Exported> {
    let status = args.status.map(LicenseStatus::from);
    let mut writer = Writer::from_writer(to);
    writer.write_record(COLUMNS).map_err(unwrap_io)?;
    let (mut last, mut exported) = (0, Exported::default());
    loop {
        let page = tx.licenses_after(last, args.product, status, PAGE)?;
        let Some(end) = page.last() else { break };
        last = end.id;
        for license in &page {
            writer.write_record(fields(license, &tx.active_identifiers(license.id)?)?).map_err(unwrap_io)?;
            exported.licenses += 1;
            exported.of_contracts += u64::from(license.contract_id.is_some());
        }
    }
    writer.flush()?;
    Ok(exported)
}

/// Returns the I/O error inside a CSV error, so that a closed pipe is recognized.
fn unwrap_io(error: csv::Error) -> Box<dyn Error + Send + Sync> {
    match error.into_kind() {
        ErrorKind::Io(error) => error.into(),
        other => format!("can't write a line of CSV: {other:?}").into(),
    }
}
