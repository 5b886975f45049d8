//! The check of the files that customers download.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Context, Finding};
use crate::domain::Downloadable;
use crate::files::{DataDir, describe_file};
use crate::maintenance::Progress;
use crate::maintenance::shell;
use crate::maintenance::units::{megabytes, number};

/// Checks that the file of every version exists and has the content that was added. Reads all files.
pub fn files(context: &Context<'_>) -> Finding {
    super::database::query(
        context,
        |tx| tx.downloadables(None),
        |downloadables| assess_files(context.data, &downloadables, context.progress),
    )
}

fn assess_files(data: &DataDir, downloadables: &[Downloadable], progress: &dyn Progress) -> Finding {
    let size = |downloadable: &Downloadable| u64::try_from(downloadable.file.size).unwrap_or(0);
    // Several versions can share one file, which is read once.
    let files: BTreeMap<&str, u64> =
        downloadables.iter().map(|one| (one.file.sha256.as_str(), size(one))).collect();
    let bytes = files.values().fold(0, |sum: u64, size| sum.saturating_add(*size));
    progress.begin("downloads", Some(bytes));
    let mut faults = BTreeMap::new();
    for (sha256, size) in files {
        if let Some(fault) = fault_of(&data.download(sha256), sha256, size) {
            faults.insert(sha256, fault);
        }
        progress.advance(size);
    }
    progress.end();
    let mut damaged =
        downloadables.iter().filter_map(|one| faults.get(one.file.sha256.as_str()).map(|fault| (one, fault)));
    let Some((first, fault)) = damaged.next() else {
        return Finding::ok(match downloadables.len() {
            0 => "no versions".to_owned(),
            1 => format!("1 version, its file is sound; read {}", megabytes(bytes)),
            count => format!("{count} versions, their files are sound; read {}", megabytes(bytes)),
        });
    };
    let file = data.download(&first.file.sha256);
    let next = format!(
        "cp BACKUP/downloads/{} {}; or {}, and add it again",
        first.file.sha256,
        shell::path(&file),
        shell::command(&format!("download delete {}", first.id), data)
    );
    let others = match damaged.count() {
        0 => String::new(),
        others => {
            format!("; {} with a damaged file", number(others as u64, "other version", "other versions"))
        }
    };
    Finding::wrong(format!("downloadable {}: {} {fault}{others}", first.id, file.display()), next)
}

/// The fault of a file, if it has one.
fn fault_of(file: &Path, sha256: &str, size: u64) -> Option<String> {
    let length = match fs::metadata(file) {
        Err(error) => return Some(format!("can't be read: {error}")),
        Ok(metadata) => metadata.len(),
    };
    if length != size {
        let how = if length < size { "too short" } else { "too long" };
        return Some(format!("is {how}: {length} bytes instead of {size}"));
    }
    match describe_file(file) {
        Err(error) => Some(error.to_string()),
        Ok(found) if found.sha256 != sha256.to_ascii_lowercase() => {
            Some("has other content than was added".to_owned())
        }
        Ok(_) => None,
    }
}
