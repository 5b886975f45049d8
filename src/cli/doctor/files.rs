//! The data directory as the system sees it: there, its owner's alone, and with room.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Finding, Patient};
use crate::cli::backup::megabytes;
use crate::cli::terminal::shell::{self, command};
use crate::config::User;
use crate::files::DataDir;
use crate::store::upgrade_copies;

/// How many paths are named that have the same fault.
const MAX_NAMED: usize = 5;

/// Below the first nothing can be relied on: the write-ahead log alone takes up to 64 MB. Below the second it
/// is time to act.
const LITTLE_SPACE: u64 = 128 * 1024 * 1024;
const LOW_SPACE: u64 = 1024 * 1024 * 1024;

pub fn directory(patient: &Patient<'_>) -> Finding {
    let path = patient.data.path();
    let shown = path.display();
    let about = match fs::metadata(path) {
        Err(error) => {
            let (init, restore) = (command("init", patient.data), command("restore BACKUP", patient.data));
            let next =
                format!("give the right directory with --data, or make one with \"{init}\" or \"{restore}\"");
            return Finding::wrong(format!("can't see {shown}: {error}"), next);
        }
        Ok(about) => about,
    };
    if !about.is_dir() {
        return Finding::wrong(format!("{shown} is no directory"), "give the right directory with --data");
    }
    let (owner, me) = (about.uid(), rustix::process::geteuid());
    if !me.is_root() && owner != me.as_raw() {
        let owner = User::of(owner);
        let next = format!("{} {}", owner.sudo(), command("doctor", patient.data));
        return Finding::wrong(format!("{shown} belongs to user {owner}, and you are {}", me.as_raw()), next);
    }
    let strangers: Vec<PathBuf> = paths(patient.data)
        .into_iter()
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|file| file.uid() != owner))
        .collect();
    if strangers.is_empty() {
        return Finding::right(format!("{shown}, of user {owner}"));
    }
    let next = format!("chown -R {owner}:{} {}", about.gid(), shell::path(path));
    Finding::wrong(format!("not of user {owner} as {shown} is: {}", named(&strangers)), next)
}

pub fn permissions(patient: &Patient<'_>) -> Finding {
    if let Err(error) = fs::read_dir(patient.data.path()) {
        return Finding::unknown(format!("not looked at: {error}"));
    }
    let paths = paths(patient.data);
    if paths.is_empty() {
        return Finding::unknown("not looked at: there is no data directory");
    }
    let mode = |path: &PathBuf| fs::metadata(path).map(|about| (about.is_dir(), about.mode() & 0o777)).ok();
    let is_private = |path: &PathBuf| {
        mode(path).is_none_or(|(is_dir, mode)| {
            let (others, owner) = (mode & 0o077, mode >> 6);
            let needed = if is_dir { 0o7 } else { 0o4 };
            others == 0 && owner & needed == needed
        })
    };
    let faulty: Vec<PathBuf> = paths.iter().filter(|path| !is_private(path)).cloned().collect();
    if faulty.is_empty() {
        return Finding::right(format!("{} files and directories, for their owner alone", paths.len()));
    }
    let next = format!("chmod -R u=rwX,go= {}", shell::path(patient.data.path()));
    Finding::wrong(format!("not 0700 for directories, 0600 for files: {}", named(&faulty)), next)
}

pub fn space(patient: &Patient<'_>) -> Finding {
    let path = patient.data.path();
    let about = match rustix::fs::statvfs(path) {
        Err(error) => {
            return Finding::unknown(format!("can't ask the file system of {}: {error}", path.display()));
        }
        Ok(about) => about,
    };
    let database = fs::metadata(patient.data.database()).map_or(0, |file| file.len());
    // Some file systems count no files.
    let files = (about.f_files > 0).then_some(about.f_favail);
    judge_space(about.f_bavail.saturating_mul(about.f_frsize), files, database)
}

fn judge_space(free: u64, free_files: Option<u64>, database: u64) -> Finding {
    let message = format!("{} are free", megabytes(free));
    let next = "make room on the file system of the data directory, or move it to a larger one";
    match free_files {
        Some(0..100) => Finding::wrong(format!("{message}, but there is room for no more files"), next),
        _ if free < LITTLE_SPACE => Finding::wrong(message, next),
        _ if free < LOW_SPACE => Finding::warning(message, next),
        _ if free < database => {
            Finding::warning(format!("{message}, less than the database has ({})", megabytes(database)), next)
        }
        _ => Finding::right(message),
    }
}

/// The directory and all that a server keeps in it.
fn paths(data: &DataDir) -> Vec<PathBuf> {
    let mut paths = vec![data.path().to_owned()];
    paths.extend(
        ["keyseal.db", "keyseal.db-wal", "keyseal.db-shm", "server.lock"].map(|name| data.path().join(name)),
    );
    paths.extend(upgrade_copies(data).unwrap_or_default());
    for directory in [data.keys(), data.downloads()] {
        paths.extend(entries(&directory));
        paths.push(directory);
    }
    paths.retain(|path| path.exists());
    paths
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn named(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().take(MAX_NAMED).map(|path| path.display().to_string()).collect();
    match paths.len().saturating_sub(MAX_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn too_little_space_is_wrong_and_low_space_a_warning() {
        for (free, files, database, state) in [
            (LITTLE_SPACE - 1, None, 0, State::Wrong),
            (LITTLE_SPACE, None, 0, State::Warning),
            (LOW_SPACE, None, 0, State::Right),
            (LOW_SPACE, None, LOW_SPACE + 1, State::Warning),
            (LOW_SPACE, Some(99), 0, State::Wrong),
            (LOW_SPACE, Some(100), LOW_SPACE, State::Right),
        ] {
            assert_eq!(judge_space(free, files, database).state, state, "{free} {files:?} {database}");
        }
    }
}
