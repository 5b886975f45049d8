//! Checks of the data directory: owner, permissions, disk space.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Context, Finding};
use crate::config::User;
use crate::files::DataDir;
use crate::maintenance::shell::{self, command};
use crate::maintenance::units::megabytes;
use crate::store::upgrade_copies;

/// Number of paths with the same fault that are named.
const MAX_NAMED: usize = 5;

/// Free space below which the check is a fault or a warning. The write-ahead log alone takes up to 64 MB.
const LITTLE_SPACE: u64 = 128 * 1024 * 1024;
const LOW_SPACE: u64 = 1024 * 1024 * 1024;

/// Checks that the directory exists and belongs, with everything in it, to one user.
pub fn directory(context: &Context<'_>) -> Finding {
    let path = context.data.path();
    let shown_path = path.display();
    let about = match fs::metadata(path) {
        Err(error) => {
            let (init, restore) = (command("init", context.data), command("restore BACKUP", context.data));
            let next =
                format!("give the right directory with --data, or make one with \"{init}\" or \"{restore}\"");
            return Finding::wrong(format!("can't see {shown_path}: {error}"), next);
        }
        Ok(about) => about,
    };
    if !about.is_dir() {
        return Finding::wrong(
            format!("{shown_path} is not a directory"),
            "give the right directory with --data",
        );
    }
    let (owner, me) = (about.uid(), rustix::process::geteuid());
    if !me.is_root() && owner != me.as_raw() {
        let owner = User::of(owner);
        let next = format!("{} {}", owner.sudo(), command("doctor", context.data));
        return Finding::wrong(
            format!("{shown_path} belongs to user {owner}, but you are user {}", me.as_raw()),
            next,
        );
    }
    let of_others: Vec<PathBuf> = paths(context.data)
        .into_iter()
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|file| file.uid() != owner))
        .collect();
    if of_others.is_empty() {
        return Finding::ok(format!("{shown_path}, owned by user {owner}"));
    }
    let next = format!("chown -R {owner}:{} {}", about.gid(), shell::path(path));
    Finding::wrong(format!("not owned by user {owner}, who owns {shown_path}: {}", named(&of_others)), next)
}

/// Checks that nobody but the owner can use the directory and its files.
pub fn permissions(context: &Context<'_>) -> Finding {
    if let Err(error) = fs::read_dir(context.data.path()) {
        return Finding::unknown(format!("not checked: {error}"));
    }
    let paths = paths(context.data);
    if paths.is_empty() {
        return Finding::unknown("not checked: there is no data directory");
    }
    // The directory itself may be one.
    let linked: Vec<PathBuf> = paths.iter().skip(1).filter(|path| path.is_symlink()).cloned().collect();
    if !linked.is_empty() {
        return Finding::wrong(
            format!("these are symbolic links, which Keyseal does not follow: {}", named(&linked)),
            "replace each link with the file or directory that it leads to",
        );
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
        return Finding::ok(format!("{} files and directories, private to their owner", paths.len()));
    }
    let next = format!("chmod -R u=rwX,go= {}", shell::path(context.data.path()));
    Finding::wrong(
        format!(
            "others than the owner can use these (directories must be 0700, files 0600): {}",
            named(&faulty)
        ),
        next,
    )
}

/// Checks that the file system has room for the database to grow.
pub fn space(context: &Context<'_>) -> Finding {
    let path = context.data.path();
    let about = match rustix::fs::statvfs(path) {
        Err(error) => {
            return Finding::unknown(format!("can't read the free space at {}: {error}", path.display()));
        }
        Ok(about) => about,
    };
    let database = fs::metadata(context.data.database()).map_or(0, |file| file.len());
    // Some file systems have no limit of files.
    let files = (about.f_files > 0).then_some(about.f_favail);
    assess_space(about.f_bavail.saturating_mul(about.f_frsize), files, database)
}

fn assess_space(free: u64, free_files: Option<u64>, database: u64) -> Finding {
    let message = format!("{} free", megabytes(free));
    let next = "make room on the file system of the data directory, or move it to a larger one";
    match free_files {
        Some(0..100) => Finding::wrong(
            format!("{message}, but the file system has no room for more files (inodes)"),
            next,
        ),
        _ if free < LITTLE_SPACE => Finding::wrong(message, next),
        _ if free < LOW_SPACE => Finding::warning(message, next),
        _ if free < database => Finding::warning(
            format!("{message}, less than the size of the database ({})", megabytes(database)),
            next,
        ),
        _ => Finding::ok(message),
    }
}

/// The directory and everything that a server keeps in it.
fn paths(data: &DataDir) -> Vec<PathBuf> {
    let mut paths = vec![data.path().to_owned()];
    paths.extend([data.database(), data.log(), data.index(), data.lock_file()]);
    paths.extend(upgrade_copies(data).unwrap_or_default());
    for directory in [data.keys(), data.downloads()] {
        paths.extend(entries(&directory));
        paths.push(directory);
    }
    paths.retain(|path| fs::symlink_metadata(path).is_ok());
    paths
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn named(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().take(MAX_NAMED).map(|path| path.display().to_string()).collect();
    match paths.len().saturating_sub(MAX_NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
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
            (LOW_SPACE, None, 0, State::Ok),
            (LOW_SPACE, None, LOW_SPACE + 1, State::Warning),
            (LOW_SPACE, Some(99), 0, State::Wrong),
            (LOW_SPACE, Some(100), LOW_SPACE, State::Ok),
        ] {
            assert_eq!(assess_space(free, files, database).state, state, "{free} {files:?} {database}");
        }
    }
}
