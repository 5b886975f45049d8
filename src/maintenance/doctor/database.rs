//! Checks of the database.

use std::fs;
use std::path::PathBuf;

use super::{Context, Finding};
use crate::domain::{Kept, Timestamp};
use crate::files::DataDir;
use crate::maintenance::shell;
use crate::maintenance::units::{megabytes, number};
use crate::store::{self, Error, OpenError, SCHEMA_VERSION, Tx};

/// Size from which the write-ahead log is a warning. A server truncates it at 64 MB.
const LONG_LOG: u64 = 256 * 1024 * 1024;

/// Number of entries, some 2 GB, from which the audit trail is a warning.
const LONG_TRAIL: i64 = 10_000_000;

/// Checks that the database can be opened and belongs to Keyseal.
pub fn version(context: &Context<'_>) -> Finding {
    match &context.database {
        Ok(database) => Finding::ok(format!(
            "{}, schema {} of {SCHEMA_VERSION}",
            context.data.database().display(),
            database.version()
        )),
        Err(error) => Finding::wrong(error.to_string(), fix_for(error, context.data)),
    }
}

fn fix_for(error: &OpenError, data: &DataDir) -> String {
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

/// Runs a query and assesses its result, if the database can be opened.
pub(super) fn query<T>(
    context: &Context<'_>,
    query: impl FnOnce(&Tx<'_>) -> Result<T, Error>,
    assess: impl FnOnce(T) -> Finding,
) -> Finding {
    match &context.database {
        Err(_) => Finding::unknown("not checked: the database can't be opened"),
        Ok(database) => match database.read(query) {
            Ok(found) => assess(found),
            Err(error) => Finding::wrong(error.to_string(), restore(context.data)),
        },
    }
}

/// Lists the copies of the database from before upgrades, which use space until they are removed. Always passes.
pub fn upgrade_copies(context: &Context<'_>) -> Finding {
    match store::upgrade_copies(context.data) {
        Err(error) => Finding::unknown(format!("not checked: {error}")),
        Ok(copies) if copies.is_empty() => Finding::ok("none"),
        Ok(copies) => {
            let size = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
            let copies: Vec<String> =
                copies.iter().map(|path| format!("{} ({})", path.display(), megabytes(size(path)))).collect();
            Finding::ok(format!("{}: remove those that you no longer need to go back to", copies.join(", ")))
        }
    }
}

/// Checks the whole file with SQLite's integrity check and the checksums of the licenses.
pub fn integrity(context: &Context<'_>) -> Finding {
    let Ok(database) = &context.database else {
        return Finding::unknown("not checked: the database can't be opened");
    };
    match database.faults() {
        Ok(faults) if faults.is_empty() => {
            Finding::ok("the whole file is sound: structure, schema and license checksums")
        }
        Ok(faults) => {
            Finding::wrong(format!("the database is damaged: {}", faults.join("; ")), restore(context.data))
        }
        Err(error) => Finding::wrong(error.to_string(), restore(context.data)),
    }
}

/// Checks that no row refers to a missing one.
pub fn references(context: &Context<'_>) -> Finding {
    query(
        context,
        |tx| tx.broken_references(),
        |broken| {
            if broken.is_empty() {
                return Finding::ok("no row refers to a missing one");
            }
            Finding::wrong(
                format!("rows refer to missing ones: {}", broken.join(", ")),
                restore(context.data),
            )
        },
    )
}

/// Checks that the write-ahead log is short.
pub fn log(context: &Context<'_>) -> Finding {
    let size = match fs::metadata(context.data.log()) {
        Err(_) => return Finding::ok("none: the database is closed"),
        Ok(file) => file.len(),
    };
    let message = megabytes(size);
    match &context.server {
        _ if size > LONG_LOG => Finding::warning(
            format!("{message}: a program has kept the database open for long, or no server runs"),
            "end backups and other programs that have the database open, then restart the server",
        ),
        Ok(None) if size > 0 => {
            Finding::ok(format!("{message}, left by a server that was killed: the next start reads it"))
        }
        _ => Finding::ok(message),
    }
}

/// Reports the size of the database. Always passes.
pub fn pages(context: &Context<'_>) -> Finding {
    query(
        context,
        |tx| tx.pages(),
        |pages| {
            let size = |count: i64| megabytes(u64::try_from(count.saturating_mul(pages.bytes)).unwrap_or(0));
            let free = match pages.free {
                0 => String::new(),
                free => format!("; {free} of them ({}) are free", size(free)),
            };
            Finding::ok(format!("{} ({}){free}", number(pages.all, "page", "pages"), size(pages.all)))
        },
    )
}

/// Reports the size of the telemetry, which the server keeps within its settings.
pub fn telemetry(context: &Context<'_>) -> Finding {
    kept(context, Kept::Telemetry, "reports")
}

/// Reports the size of the journal of refusals, which the server keeps within its settings.
pub fn refusals(context: &Context<'_>) -> Finding {
    kept(context, Kept::Refusals, "refused requests")
}

/// Reports the size of the numbers of answers, which the server keeps within its settings.
pub fn usage(context: &Context<'_>) -> Finding {
    kept(context, Kept::Usage, "numbers of answers")
}

/// Reports the size of the answers that are kept for a day, within the server's settings.
pub fn answers(context: &Context<'_>) -> Finding {
    kept(context, Kept::Answers, "answers under an Idempotency-Key")
}

/// Reports the size of what is kept. Always passes.
fn kept(context: &Context<'_>, kept: Kept, what: &str) -> Finding {
    query(
        context,
        |tx| tx.kept_bytes(kept),
        |bytes| match u64::try_from(bytes).unwrap_or(0) {
            0 => Finding::ok(format!("no {what}")),
            bytes => Finding::ok(format!("about {} of {what}", megabytes(bytes))),
        },
    )
}

/// Checks that the audit trail has a reasonable size. A server deletes the oldest entries only past its settings.
pub fn audit_trail(context: &Context<'_>) -> Finding {
    query(context, |tx| tx.audit_size(), assess_trail)
}

fn assess_trail((entries, oldest): (i64, Option<Timestamp>)) -> Finding {
    let Some(oldest) = oldest else { return Finding::ok("no entries") };
    let message = format!("{}, the oldest from {oldest}", number(entries, "entry", "entries"));
    if entries < LONG_TRAIL {
        return Finding::ok(message);
    }
    Finding::warning(message, "keyseal audit prune --older-than 365, or as many days as you must keep")
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_long_trail_is_a_warning_that_names_the_command_to_prune_it() {
        let now = Some(Timestamp(1_700_000_000));
        let short = assess_trail((LONG_TRAIL - 1, now));
        assert_eq!((short.state, short.next), (State::Ok, None));
        assert_eq!(short.message, "9999999 entries, the oldest from 2023-11-14 22:13:20");
        let long = assess_trail((LONG_TRAIL, now));
        assert_eq!(long.state, State::Warning);
        assert!(long.next.unwrap().starts_with("keyseal audit prune --older-than"));
        assert_eq!(assess_trail((0, None)).state, State::Ok);
    }
}
