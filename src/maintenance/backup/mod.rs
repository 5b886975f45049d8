//! Backup and restore of a data directory.
//!
//! A backup is taken while the server runs, in an order that keeps it consistent: downloads exist before and after
//! their rows, so they are copied before the database, and those that were added meanwhile after it. Signing keys
//! exist before their products name them and are never removed, so they are copied last.

mod check;
mod manifest;
mod restore;

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::TempDir;

use super::{Progress, Result, shell};
use crate::domain::Timestamp;
use crate::files::{DataDir, copy_file, describe_file, make_private_directory, parent, sync_directory};
use crate::store::{SCHEMA_VERSION, TableCounts, copy_database};
use check::Contents;
pub use manifest::{Manifest, SETTINGS};
pub use restore::{Restored, restore};

/// Backs up a data directory into a new directory, and verifies the copy.
pub fn create(data: &DataDir, dest: &Path, now: Timestamp, progress: &dyn Progress) -> Result<Manifest> {
    if is_inside(dest, data.path()) {
        let (dest, data) = (dest.display(), data.path().display());
        return Err(format!(
            "{dest} is inside the data directory {data} and would be lost with it: give a directory outside of it"
        )
        .into());
    }
    data.check_kinds()?;
    let unfinished = begin(dest)?;
    let copy = DataDir::new(unfinished.path());
    let counts = copy_all(data, &copy, progress)?;
    progress.begin("verifying", None);
    let contents = Contents::read(&copy, &data.database())?;
    take_missing_downloads(data, &copy, &contents)?;
    copy_keys(data, &copy)?;
    copy_settings(data, &copy)?;
    // The original keys first, so that an error names the file that the operator can fix.
    contents.check_keys(data)?;
    contents.check(&copy, &counts)?;
    let mut manifest = Manifest::new(now.to_string(), SCHEMA_VERSION, counts);
    describe_all(&copy, &mut manifest)?;
    manifest.write(copy.path())?;
    finish(unfinished, dest)?;
    progress.end();
    Ok(manifest)
}

/// Creates the directory of the unfinished backup, beside its destination.
fn begin(dest: &Path) -> Result<TempDir> {
    let name = dest.display();
    match fs::read_dir(dest).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) => return Err(format!("{name} is not empty: give the name of a new directory").into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(format!("can't create {name}: {error}; give the name of a new directory").into());
        }
    }
    make_parent(dest)?;
    let file_name = dest.file_name().ok_or_else(|| format!("{name} can't be the name of a new directory"))?;
    let prefix: OsString = [file_name, ".unfinished-".as_ref()].into_iter().collect();
    let made = tempfile::Builder::new()
        .prefix(&prefix)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent(dest))
        .map_err(|error| {
            format!("can't create a directory beside {name}: {error}; give a place where this user may write")
        })?;
    Ok(made)
}

/// Whether a path, which need not exist yet, is a directory or inside of it.
fn is_inside(place: &Path, directory: &Path) -> bool {
    let place = std::path::absolute(place).unwrap_or_default();
    let existing = place.ancestors().find_map(|above| above.canonicalize().ok());
    match (existing, directory.canonicalize()) {
        (Some(existing), Ok(directory)) => existing.starts_with(directory),
        _ => false,
    }
}

/// Creates the parent of the backup's directory, private to its owner.
fn make_parent(dest: &Path) -> Result {
    let parent = parent(dest);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
    Ok(made.map_err(|error| {
        let name = parent.display();
        let (me, quoted) = (rustix::process::geteuid().as_raw(), shell::path(parent));
        format!(
            "can't create {name}: {error}; create it for this user: sudo install -d -m 700 -o {me} {quoted}"
        )
    })?)
}

fn copy_all(data: &DataDir, copy: &DataDir, progress: &dyn Progress) -> Result<TableCounts> {
    make_private_directory(&copy.keys())?;
    make_private_directory(&copy.downloads())?;
    let names = data.kept_downloads()?;
    let sizes = names.iter().filter_map(|name| fs::metadata(data.download(name)).ok());
    progress.begin("downloads", Some(sizes.map(|file| file.len()).sum()));
    for name in names {
        take_download(data, copy, &name, &mut |bytes| progress.advance(bytes))?;
    }
    progress.begin("database", Some(0));
    Ok(copy_database(data, &copy.database(), &mut |done, all| progress.set(done, all))
        .map_err(|error| error.to_string())?)
}

/// Copies a download. Skips one that was deleted meanwhile.
fn take_download(data: &DataDir, copy: &DataDir, name: &str, on_progress: &mut dyn FnMut(u64)) -> Result {
    match copy_file(&data.download(name), &copy.download(name), on_progress) {
        Err(_) if fs::symlink_metadata(data.download(name)).is_err() => Ok(()),
        copied => Ok(copied?),
    }
}

/// Copies the downloads that were added before the snapshot of the database, and drops those that it doesn't name.
fn take_missing_downloads(data: &DataDir, copy: &DataDir, contents: &Contents) -> Result {
    for download in &contents.downloads {
        let name = &download.file.sha256;
        if !copy.download(name).exists() {
            copy_file(&data.download(name), &copy.download(name), &mut |_| {}).map_err(|error| {
                format!(
                    "{error}; it is the file of downloadable {}: if that was just deleted, run the backup again",
                    download.id
                )
            })?;
        }
    }
    let unused = copy.unused_downloads(&contents.downloads)?;
    Ok(unused.iter().try_for_each(|name| copy.remove_download(name))?)
}

/// Copies every file in the directory of keys. Clients may still trust a key that no product names. Refuses a
/// symbolic link: its target may be anywhere, and the owner of the backup's directory can read the copy.
fn copy_keys(data: &DataDir, copy: &DataDir) -> Result {
    let failed = |error| format!("can't read {}: {error}", data.keys().display());
    for entry in fs::read_dir(data.keys()).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A directory, for instance, is not one of ours.
        if entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_symlink()) {
            copy_file(&entry.path(), &copy.keys().join(entry.file_name()), &mut |_| {})?;
        }
    }
    Ok(())
}

/// Copies the settings file in the data directory, if there is one.
fn copy_settings(data: &DataDir, copy: &DataDir) -> Result {
    match fs::symlink_metadata(data.settings()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => Ok(copy_file(&data.settings(), &copy.settings(), &mut |_| {})?),
    }
}

fn describe_all(copy: &DataDir, manifest: &mut Manifest) -> Result {
    manifest.add("keyseal.db".to_owned(), describe_file(&copy.database())?);
    if copy.settings().try_exists()? {
        manifest.add(SETTINGS.to_owned(), describe_file(&copy.settings())?);
    }
    for (name, directory) in [("keys", copy.keys()), ("downloads", copy.downloads())] {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let file = entry.file_name().into_string();
            let file = file.map_err(|file| {
                format!("the name of {} is not UTF-8: rename the file", directory.join(file).display())
            })?;
            manifest.add(format!("{name}/{file}"), describe_file(&entry.path())?);
        }
    }
    Ok(())
}

/// Syncs the directory of the unfinished backup, and renames it to its final name.
fn finish(unfinished: TempDir, dest: &Path) -> Result {
    let copy = DataDir::new(unfinished.path());
    for directory in [&copy.keys(), &copy.downloads(), copy.path()] {
        sync_directory(directory)?;
    }
    fs::rename(unfinished.path(), dest).map_err(|error| {
        format!(
            "can't rename the finished backup to {}: {error}; give the name of a new directory",
            dest.display()
        )
    })?;
    // It has another name now, and nothing is left to remove.
    drop(unfinished.keep());
    Ok(sync_directory(parent(dest))?)
}
