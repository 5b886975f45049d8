//! The database: ours, sound, and with the files beside it that it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Finding, Patient};
use crate::cli::backup::megabytes;
use crate::cli::terminal::progress::Progress;
use crate::cli::terminal::shell;
use crate::domain::{Downloadable, Timestamp};
use crate::files::{DataDir, describe_file};
use crate::store::{self, Error, OpenError, SCHEMA_VERSION, Tx};

/// From this size on the log is not being taken in: a server cuts it short at 64 MB.
const LONG_LOG: u64 = 256 * 1024 * 1024;

/// From so many entries on, some 2 GB, the trail is worth a look.
const LONG_TRAIL: i64 = 10_000_000;

pub fn is_ours(patient: &Patient<'_>) -> Finding {
    match &patient.database {
        Ok(database) => Finding::right(format!(
            "{}, schema {} of {SCHEMA_VERSION}",
            patient.data.database().display(),
            database.version()
        )),
        Err(error) => Finding::wrong(error.to_string(), what_mends(error, patient.data)),
    }
}

fn what_mends(error: &OpenError, data: &DataDir) -> String {
    match error {
        OpenError::Missing(_) => {
            let (init, restore) = (shell::command("init", data), shell::command("restore BACKUP", data));
            format!("give the right directory with --data, or run \"{init}\" or \"{restore}\"")
        }
        OpenError::Foreign { .. } => "give the right directory with --data".to_owned(),
        OpenError::Newer { .. } => "install the version of Keyseal that wrote it, or a later one".to_owned(),
        OpenError::Older { .. } => shell::command("upgrade", data),
        OpenError::LogWithoutIndex { .. } => shell::command("block list", data),
        OpenError::File(_) => "run this as the user that owns the data directory".to_owned(),
        _ => restore(data),
    }
}

fn restore(data: &DataDir) -> String {
    let command = shell::command("restore BACKUP", data);
    format!("stop the server, move the data directory away, and run \"{command}\"")
}

/// Asks the database something, if it can be opened.
fn ask<T>(
    patient: &Patient<'_>,
    question: impl FnOnce(&Tx<'_>) -> Result<T, Error>,
    judge: impl FnOnce(T) -> Finding,
) -> Finding {
    match &patient.database {
        Err(_) => Finding::unknown("not looked at: the database can't be opened"),
        Ok(database) => match database.read(question) {
            Ok(found) => judge(found),
            Err(error) => Finding::wrong(error.to_string(), restore(patient.data)),
        },
    }
}

/// The copies from before upgrades: the way back, and space that is used until they are removed.
pub fn upgrade_copies(patient: &Patient<'_>) -> Finding {
    match store::upgrade_copies(patient.data) {
        Err(error) => Finding::unknown(format!("not looked at: {error}")),
        Ok(copies) if copies.is_empty() => Finding::right("none"),
        Ok(copies) => {
            let size = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
            let copies: Vec<String> =
                copies.iter().map(|path| format!("{} ({})", path.display(), megabytes(size(path)))).collect();
            Finding::right(format!("{}: remove what you no longer need to go back to", copies.join(", ")))
        }
    }
}

pub fn integrity(patient: &Patient<'_>) -> Finding {
    ask(
        patient,
        |tx| tx.faults(),
        |faults| {
            if faults.is_empty() {
                return Finding::right("the whole file is sound: structure, schema, checksums of licenses");
            }
            Finding::wrong(format!("the database is damaged: {}", faults.join("; ")), restore(patient.data))
        },
    )
}

pub fn references(patient: &Patient<'_>) -> Finding {
    ask(
        patient,
        |tx| tx.broken_references(),
        |broken| {
            if broken.is_empty() {
                return Finding::right("every row that is referred to is there");
            }
            Finding::wrong(
                format!("rows refer to one that is not there: {}", broken.join(", ")),
                restore(patient.data),
            )
        },
    )
}

pub fn log(patient: &Patient<'_>) -> Finding {
    let size = match fs::metadata(patient.data.database().with_extension("db-wal")) {
        Err(_) => return Finding::right("none: the database was closed"),
        Ok(file) => file.len(),
    };
    let message = megabytes(size);
    match &patient.server {
        _ if size > LONG_LOG => Finding::warning(
            format!("{message}: something has been reading for long, or nothing takes it in"),
            "end backups and other programs that have the database open, then restart the server",
        ),
        Ok(None) if size > 0 => {
            Finding::right(format!("{message}, left by a server that was killed: the next start takes it in"))
        }
        _ => Finding::right(message),
    }
}

pub fn pages(patient: &Patient<'_>) -> Finding {
    ask(
        patient,
        |tx| tx.pages(),
        |pages| {
            let bytes = |count: i64| u64::try_from(count.saturating_mul(pages.bytes)).unwrap_or(0);
            let (all, free) = (megabytes(bytes(pages.all)), megabytes(bytes(pages.free)));
            Finding::right(format!("{} pages, {all}; {} of them free, {free}", pages.all, pages.free))
        },
    )
}

/// It grows with every change, also with those that customers' products make, and is pruned by nobody but the operator.
pub fn audit_trail(patient: &Patient<'_>) -> Finding {
    ask(patient, |tx| tx.audit_size(), judge_trail)
}

fn judge_trail((entries, oldest): (i64, Option<Timestamp>)) -> Finding {
    let Some(oldest) = oldest else { return Finding::right("no entries") };
    let message = format!("{entries} entries, the oldest of {oldest}");
    if entries < LONG_TRAIL {
        return Finding::right(message);
    }
    Finding::warning(message, "keyseal audit prune --older-than 365, or as many days as you must keep")
}

/// Whether the files are there and are what was added. Reads all of them.
pub fn downloads(patient: &Patient<'_>) -> Finding {
    ask(patient, |tx| tx.downloadables(None), |downloadables| judge_downloads(patient.data, &downloadables))
}

fn judge_downloads(data: &DataDir, downloadables: &[Downloadable]) -> Finding {
    let size = |downloadable: &Downloadable| u64::try_from(downloadable.file.size).unwrap_or(0);
    // Several versions may have one file, which is read once.
    let files: BTreeMap<&str, u64> =
        downloadables.iter().map(|one| (one.file.sha256.as_str(), size(one))).collect();
    let bytes = files.values().fold(0, |sum: u64, size| sum.saturating_add(*size));
    let Ok(mut progress) = Progress::new() else {
        return Finding::unknown("not looked at: how far it is can't be shown");
    };
    progress.next("downloads", Some(bytes));
    let mut faults = BTreeMap::new();
    for (sha256, size) in files {
        if let Some(fault) = fault_of(&data.download(sha256), sha256, size) {
            faults.insert(sha256, fault);
        }
        progress.add(size);
    }
    progress.end();
    let mut concerned =
        downloadables.iter().filter_map(|one| faults.get(one.file.sha256.as_str()).map(|fault| (one, fault)));
    let Some((first, fault)) = concerned.next() else {
        let count = downloadables.len();
        return Finding::right(format!(
            "versions: {count}, each with its file; {} were read",
            megabytes(bytes)
        ));
    };
    let file = data.download(&first.file.sha256);
    let next = format!(
        "cp BACKUP/downloads/{} {}; or {}, and add it again",
        first.file.sha256,
        shell::path(&file),
        shell::command(&format!("download delete {}", first.id), data)
    );
    let others = match concerned.count() {
        0 => String::new(),
        others => format!("; versions with a fault like it: {others}"),
    };
    let message = format!("downloadable {}: {} {fault}{others}", first.id, file.display());
    Finding::wrong(message, next)
}

/// What is wrong with a file that customers download, if something is.
fn fault_of(file: &Path, sha256: &str, size: u64) -> Option<String> {
    let length = match fs::metadata(file) {
        Err(error) => return Some(format!("can't be seen: {error}")),
        Ok(about) => about.len(),
    };
    if length != size {
        let how = if length < size { "cut short" } else { "longer than it was" };
        return Some(format!("is {how}: {length} bytes of {size}"));
    }
    match describe_file(file) {
        Err(error) => Some(error.to_string()),
        Ok(found) if found.sha256 != sha256.to_ascii_lowercase() => {
            Some("has other bytes than were added".to_owned())
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_long_trail_is_worth_a_warning_that_tells_how_to_prune_it() {
        let now = Some(Timestamp(1_700_000_000));
        let short = judge_trail((LONG_TRAIL - 1, now));
        assert_eq!((short.state, short.next), (State::Right, None));
        assert_eq!(short.message, "9999999 entries, the oldest of 2023-11-14 22:13:20");
        let long = judge_trail((LONG_TRAIL, now));
        assert_eq!(long.state, State::Warning);
        assert!(long.next.unwrap().starts_with("keyseal audit prune --older-than"));
        assert_eq!(judge_trail((0, None)).state, State::Right);
    }
}
