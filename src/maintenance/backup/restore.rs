//! Restore of a backup into a data directory that has no installation yet.

use std::fs::{self, DirBuilder, DirEntry, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use super::check::check_restored;
use super::is_inside;
use super::manifest::Manifest;
use crate::files::{
    DataDir, copy_file, describe_file, give_directory, make_private_directory, sync_directory,
};
use crate::maintenance::{Progress, Result};

/// A restored backup, and the version of its schema, which may be older than this program's.
pub struct Restored {
    pub manifest: Manifest,
    pub schema: i64,
}

/// Restores a backup. Verifies the copy before it is put in place, and replaces nothing. A restore that fails removes
/// the directory, if it has made it.
pub fn restore(source: &Path, data: &DataDir, progress: &dyn Progress) -> Result<Restored> {
    let manifest = Manifest::read(source)?;
    check_sizes(&manifest, source)?;
    if is_inside(data.path(), source) {
        return Err(format!(
            "{} is inside the backup, which is not changed: give another directory with --data",
            data.path().display()
        )
        .into());
    }
    check_free(data, &manifest)?;
    let is_bare = check_is_unused(data)?;
    let is_new = data.path().symlink_metadata().is_err();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data.path());
    made.map_err(|error| format!("can't create {}: {error}", data.path().display()))?;
    // Keeps servers and other restores out until everything is in place.
    let lock = data.lock()?;
    let restored = fill(&manifest, source, data, is_bare, progress);
    if restored.is_err() && is_new {
        discard(data);
    }
    drop(lock);
    Ok(Restored { schema: restored?, manifest })
}

/// Fills a directory that is locked, and returns the version of the schema.
fn fill(
    manifest: &Manifest,
    source: &Path,
    data: &DataDir,
    is_bare: bool,
    progress: &dyn Progress,
) -> Result<i64> {
    check_free(data, manifest)?;
    remove_interrupted(data)?;
    // Inside the data directory, so that the finished files are only renamed. Removed with what is left in it.
    let staging = tempfile::Builder::new()
        .prefix(STAGING)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(data.path())
        .map_err(|error| format!("can't create a directory in {}: {error}", data.path().display()))?;
    give_directory(staging.path())
        .map_err(|error| format!("can't give {} to its owner: {error}", data.path().display()))?;
    let copy = DataDir::new(staging.path());
    copy_all(manifest, source, &copy, progress)?;
    progress.begin("verifying", None);
    let schema = check_restored(&copy, &DataDir::new(source).database(), &manifest.counts)?;
    // Only for a good backup: an existing directory stays as it is otherwise.
    if is_bare {
        make_private(data.path())?;
    }
    put_in_place(&copy, data)?;
    progress.end();
    Ok(schema)
}

/// Removes what a restore has put into a directory that it has made, and the directory, unless others have put
/// something into it. The backup still has all of it.
fn discard(data: &DataDir) {
    for directory in [data.keys(), data.downloads()] {
        drop(fs::remove_dir_all(directory));
    }
    for file in [data.settings(), data.database(), data.lock_file()] {
        drop(fs::remove_file(file));
    }
    drop(fs::remove_dir(data.path()));
}

/// Removes the copies that interrupted restores have left: private keys are among them. None is under way, because the
/// directory is locked.
fn remove_interrupted(data: &DataDir) -> Result {
    for entry in fs::read_dir(data.path())? {
        let entry = entry?;
        if is_staging(&entry) && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())
                .map_err(|error| format!("can't remove {}: {error}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Refuses a directory with an installation: a restore replaces nothing.
fn check_free(data: &DataDir, manifest: &Manifest) -> Result {
    let is_taken =
        |directory: &Path| fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    // A settings file is kept if the backup has none.
    let settings = manifest.has_settings().then(|| data.settings());
    let taken = [data.database(), data.log()]
        .into_iter()
        .chain(settings)
        .find(|path| path.symlink_metadata().is_ok());
    let taken = taken.or_else(|| [data.keys(), data.downloads()].into_iter().find(|path| is_taken(path)));
    match taken {
        None => Ok(()),
        Some(taken) => Err(format!(
            "{} exists already, and a restore replaces nothing: stop the server and move {} away, or give another \
             directory with --data",
            taken.display(),
            data.path().display()
        )
        .into()),
    }
}

/// The beginning of the names that an interrupted restore can leave behind.
const STAGING: &str = ".restore-";

fn is_staging(entry: &DirEntry) -> bool {
    entry.file_name().to_str().is_some_and(|name| name.starts_with(STAGING))
}

/// Refuses a directory that is used for something else. Returns whether it holds nothing but what an interrupted
/// restore leaves: only such a directory is made private.
fn check_is_unused(data: &DataDir) -> Result<bool> {
    let path = data.path().display();
    let entries = match fs::read_dir(data.path()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        read => read.map_err(|error| format!("can't read {path}: {error}"))?,
    };
    let mut is_bare = true;
    for entry in entries {
        let entry = entry.map_err(|error| format!("can't read {path}: {error}"))?;
        let (place, kind) = (entry.path(), entry.file_type());
        let kind = kind.map_err(|error| format!("can't read {path}: {error}"))?;
        if place == data.lock_file() && kind.is_file() || is_staging(&entry) && kind.is_dir() {
            continue;
        }
        // The two directories are empty here. The index is what a server leaves whose database was lost.
        let is_left = if kind.is_dir() {
            [data.keys(), data.downloads()].contains(&place)
        } else {
            kind.is_file() && [data.settings(), data.index()].contains(&place)
        };
        if !is_left {
            return Err(format!(
                "{path} is used for something else: it contains {}; give another directory with --data",
                place.display()
            )
            .into());
        }
        is_bare = false;
    }
    Ok(is_bare)
}

/// Finds missing and truncated files before anything is copied.
fn check_sizes(manifest: &Manifest, source: &Path) -> Result {
    for (name, expected) in manifest.files() {
        if fs::symlink_metadata(source.join(name))
            .is_ok_and(|file| file.is_file() && file.len() == expected.size)
        {
            continue;
        }
        return Err(damaged(source, name).into());
    }
    Ok(())
}

fn copy_all(manifest: &Manifest, source: &Path, copy: &DataDir, progress: &dyn Progress) -> Result {
    make_private_directory(&copy.keys())?;
    make_private_directory(&copy.downloads())?;
    progress.begin("copying", Some(manifest.bytes()));
    for (name, expected) in manifest.files() {
        let place = copy.path().join(name);
        copy_file(&source.join(name), &place, &mut |bytes| progress.advance(bytes))?;
        // Verifies the copy, which will be served, and not the original.
        if describe_file(&place)? != expected {
            return Err(damaged(source, name).into());
        }
    }
    Ok(())
}

/// Renames the files into place, the database last: no server starts without a database.
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
        fs::rename(&from, &to).map_err(|error| format!("can't create {}: {error}", to.display()))?;
        sync_directory(data.path())?;
    }
    Ok(())
}

/// Makes a directory private that existed with other permissions.
fn make_private(directory: &Path) -> Result {
    Ok(fs::set_permissions(directory, Permissions::from_mode(0o700)).map_err(|error| {
        format!("can't make {} private: {error}; run this as its owner", directory.display())
    })?)
}

fn damaged(source: &Path, name: &str) -> String {
    format!(
        "{} differs from the file that was backed up: this backup is damaged, use another",
        source.join(name).display()
    )
}
