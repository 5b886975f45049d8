//! `keyseal restore`: makes a data directory from a backup.

use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::check::check_restored;
use super::manifest::Manifest;
use super::{counted, is_inside, megabytes};
use crate::cli::terminal::progress::Progress;
use crate::cli::terminal::shell::command;
use crate::cli::{Output, Result};
use crate::files::{
    DataDir, copy_file, describe_file, give_directory, make_private_directory, sync_directory,
};
use crate::store::SCHEMA_VERSION;

#[derive(clap::Args)]
pub struct Args {
    /// Directory that "keyseal backup" made
    source: PathBuf,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let manifest = Manifest::read(&args.source)?;
    check_sizes(&manifest, &args.source)?;
    if is_inside(data.path(), &args.source) {
        return Err(format!(
            "{} is in the backup itself, which stays as it is: give another directory with --data",
            data.path().display()
        )
        .into());
    }
    check_free(data, &manifest)?;
    let is_bare = check_is_ours(data)?;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data.path());
    made.map_err(|error| format!("can't make {}: {error}", data.path().display()))?;
    // No server starts here before all is in its place, and no second restore.
    let lock = data.lock()?;
    check_free(data, &manifest)?;
    let mut progress = Progress::new()?;
    // Inside the data directory, so that what is whole takes its place by a change of name. Removed with all
    // that is left in it.
    let staging = tempfile::Builder::new()
        .prefix(STAGING)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(data.path())
        .map_err(|error| format!("can't make a directory in {}: {error}", data.path().display()))?;
    give_directory(staging.path())
        .map_err(|error| format!("can't give {} to its owner: {error}", data.path().display()))?;
    let copy = DataDir::new(staging.path());
    copy_all(&manifest, &args.source, &copy, &mut progress)?;
    progress.next("verifying", None);
    let schema = check_restored(&copy, &manifest.counts)?;
    // Nothing about the directory is changed for a backup that is no good.
    if is_bare {
        make_private(data.path())?;
    }
    put_in_place(&copy, data)?;
    progress.end();
    drop(lock);
    report(&manifest, schema, &args.source, data, output)
}

/// Refuses a place where something is: a restore replaces nothing.
fn check_free(data: &DataDir, manifest: &Manifest) -> Result {
    let log = data.database().with_extension("db-wal");
    let is_taken =
        |directory: &Path| fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    // Settings that were put there for a backup that has none are left to count.
    let settings = manifest.has_settings().then(|| data.settings());
    let taken =
        [data.database(), log].into_iter().chain(settings).find(|path| path.symlink_metadata().is_ok());
    let taken = taken.or_else(|| [data.keys(), data.downloads()].into_iter().find(|path| is_taken(path)));
    match taken {
        None => Ok(()),
        Some(taken) => Err(format!(
            "{} is there already, and nothing is replaced: stop its server and move {} away, or give another directory with --data",
            taken.display(),
            data.path().display()
        )
        .into()),
    }
}

/// What a restore that was broken off leaves begins with this.
const STAGING: &str = ".restore-";

/// Refuses a directory that somebody uses for something else. Tells whether nothing is in it but what a
/// restore leaves itself: then it is made private, and not where an operator has put settings into it
/// already.
fn check_is_ours(data: &DataDir) -> Result<bool> {
    let shown = data.path().display();
    let entries = match fs::read_dir(data.path()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        read => read.map_err(|error| format!("can't read {shown}: {error}"))?,
    };
    let mut is_bare = true;
    for entry in entries {
        let entry = entry.map_err(|error| format!("can't read {shown}: {error}"))?;
        let (name, kind) = (entry.file_name(), entry.file_type());
        let kind = kind.map_err(|error| format!("can't read {shown}: {error}"))?;
        match name.to_str() {
            Some("server.lock") if kind.is_file() => {}
            Some(name) if name.starts_with(STAGING) && kind.is_dir() => {}
            // The two directories are empty, or they were refused; the index without its database is what a
            // server leaves that lost it.
            Some("keyseal.toml" | "keyseal.db-shm") if kind.is_file() => is_bare = false,
            Some("keys" | "downloads") if kind.is_dir() => is_bare = false,
            _ => {
                return Err(format!(
                    "{shown} is used for something else: {} is in it; give a directory of its own with --data",
                    entry.path().display()
                )
                .into());
            }
        }
    }
    Ok(is_bare)
}

/// Before anything is copied: a file that is missing or cut short is seen at once.
fn check_sizes(manifest: &Manifest, source: &Path) -> Result {
    for (name, expected) in manifest.files() {
        if fs::metadata(source.join(name)).is_ok_and(|file| file.is_file() && file.len() == expected.size) {
            continue;
        }
        return Err(damaged(source, name).into());
    }
    Ok(())
}

fn copy_all(manifest: &Manifest, source: &Path, copy: &DataDir, progress: &mut Progress) -> Result {
    make_private_directory(&copy.keys())?;
    make_private_directory(&copy.downloads())?;
    progress.next("copying", Some(manifest.bytes()));
    for (name, expected) in manifest.files() {
        let place = copy.path().join(name);
        copy_file(&source.join(name), &place, &mut |bytes| progress.add(bytes))?;
        // The copy is read, not the original: it is what will be served.
        if describe_file(&place)? != expected {
            return Err(damaged(source, name).into());
        }
    }
    Ok(())
}

/// The database last: without it no server starts, so a half restored directory never serves.
fn put_in_place(copy: &DataDir, data: &DataDir) -> Result {
    for directory in [copy.keys(), copy.downloads()] {
        sync_directory(&directory)?;
    }
    let settings = copy.settings().try_exists()?.then(|| (copy.settings(), data.settings()));
    let rest = [
        (copy.keys(), data.keys()),
        (copy.downloads(), data.downloads()),
        (copy.database(), data.database()),
    ];
    for (from, to) in settings.into_iter().chain(rest) {
        fs::rename(&from, &to).map_err(|error| format!("can't make {}: {error}", to.display()))?;
        sync_directory(data.path())?;
    }
    Ok(())
}

/// The directory may have been there, with other permissions.
fn make_private(directory: &Path) -> Result {
    Ok(fs::set_permissions(directory, Permissions::from_mode(0o700))
        .map_err(|error| format!("can't make {} private: {error}; run as its owner", directory.display()))?)
}

fn damaged(source: &Path, name: &str) -> String {
    format!("{} is not what was backed up: this backup is damaged, take another", source.join(name).display())
}

fn report(
    manifest: &Manifest,
    schema: i64,
    source: &Path,
    data: &DataDir,
    output: &mut Output<'_>,
) -> Result {
    // A server upgrades it too, but doctor looks at no older database.
    let upgrade =
        if schema < SCHEMA_VERSION { format!("{}\n      ", command("upgrade", data)) } else { String::new() };
    let (shown, source) = (data.path().display().to_string(), source.display().to_string());
    let text = format!(
        "restored {shown} from {source}: {}, as of {}\n{}\nTLS files, and settings outside of the data directory, are in no backup: put them where they were\nnext: {upgrade}{}\n      {}",
        megabytes(manifest.bytes()),
        manifest.made_at,
        counted(manifest),
        command("doctor", data),
        command("serve", data),
    );
    let value = json!({
        "data": shown, "source": source, "made_at": manifest.made_at, "bytes": manifest.bytes(),
        "counts": manifest.counts, "key_files": manifest.count_in("keys"),
        "download_files": manifest.count_in("downloads"), "settings": manifest.has_settings(),
    });
    output.result(&value, &text)
}
