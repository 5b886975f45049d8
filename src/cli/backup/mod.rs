//! `keyseal backup`: one moment of a data directory, taken while the server goes on.
//!
//! The order keeps it whole: a file that customers download is there before its row and goes after it, so
//! files are copied before the database, and what came in between after it. A key is there before its product
//! names it, and never goes.

mod check;
mod manifest;
pub mod restore;

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::cli::terminal::progress::Progress;
use crate::cli::terminal::shell;
use crate::cli::{Output, Result, now};
use crate::files::{DataDir, copy_file, describe_file, make_private_directory, sync_directory};
use crate::store::{TableCounts, copy_database};
use check::Contents;
use manifest::{Manifest, SETTINGS};

#[derive(clap::Args)]
pub struct Args {
    /// Directory to create; missing parent directories are created too. Must be empty if it exists
    dest: PathBuf,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    if is_inside(&args.dest, data.path()) {
        let (dest, data) = (args.dest.display(), data.path().display());
        return Err(format!(
            "{dest} is inside of the data directory {data}, and would be lost with it: give a place outside of it"
        )
        .into());
    }
    let unfinished = begin(&args.dest)?;
    let copy = DataDir::new(unfinished.path());
    let made_at = now().to_string();
    let mut progress = Progress::new()?;
    let counts = copy_all(data, &copy, &mut progress)?;
    progress.next("verifying", None);
    let contents = Contents::read(&copy)?;
    take_missing_downloads(data, &copy, &contents)?;
    copy_keys(data, &copy)?;
    copy_settings(data, &copy)?;
    // The originals first: what is wrong with a key is said of the file that can be mended.
    contents.check_keys(data)?;
    contents.check(&copy, &counts)?;
    let mut manifest = Manifest::new(made_at, contents.schema, counts);
    describe_all(&copy, &mut manifest)?;
    manifest.write(copy.path())?;
    finish(unfinished, &args.dest)?;
    progress.end();
    report(&manifest, &args.dest, output)
}

/// Makes the directory that becomes the backup when it is whole, beside it and by another name.
fn begin(dest: &Path) -> Result<TempDir> {
    let shown = dest.display();
    match fs::read_dir(dest).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) => return Err(format!("{shown} is not empty: give the name of a new directory").into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(format!("can't make {shown}: {error}; give the name of a new directory").into());
        }
    }
    make_parent(dest)?;
    let name = dest.file_name().ok_or_else(|| format!("{shown} is no name for a new directory"))?;
    let prefix: OsString = [name, ".unfinished-".as_ref()].into_iter().collect();
    let made = tempfile::Builder::new()
        .prefix(&prefix)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent(dest))
        .map_err(|error| {
            format!(
                "can't make a directory beside {shown}: {error}; give a place that this user may write to"
            )
        })?;
    Ok(made)
}

/// Whether a place, that need not be there yet, is a directory or inside of it.
pub fn is_inside(place: &Path, directory: &Path) -> bool {
    let place = std::path::absolute(place).unwrap_or_default();
    let nearest = place.ancestors().find_map(|above| above.canonicalize().ok());
    match (nearest, directory.canonicalize()) {
        (Some(nearest), Ok(directory)) => nearest.starts_with(directory),
        _ => false,
    }
}

/// Makes the directory that the backup comes into, for its owner alone.
fn make_parent(dest: &Path) -> Result {
    let parent = parent(dest);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
    Ok(made.map_err(|error| {
        let shown = parent.display();
        let (me, quoted) = (rustix::process::geteuid().as_raw(), shell::path(parent));
        format!("can't make {shown}: {error}; make it for this user: sudo install -d -m 700 -o {me} {quoted}")
    })?)
}

/// The directory that a path is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn copy_all(data: &DataDir, copy: &DataDir, progress: &mut Progress) -> Result<TableCounts> {
    make_private_directory(&copy.keys())?;
    make_private_directory(&copy.downloads())?;
    let names = data.kept_downloads()?;
    let sizes = names.iter().filter_map(|name| fs::metadata(data.download(name)).ok());
    progress.next("downloads", Some(sizes.map(|file| file.len()).sum()));
    for name in names {
        take_download(data, copy, &name, &mut |bytes| progress.add(bytes))?;
    }
    progress.next("database", Some(0));
    Ok(copy_database(data, &copy.database(), &mut |done, all| progress.set(done, all))
        .map_err(|error| error.to_string())?)
}

/// Copies a file that customers download; one that was deleted meanwhile is left out.
fn take_download(data: &DataDir, copy: &DataDir, name: &str, told: &mut dyn FnMut(u64)) -> Result {
    match copy_file(&data.download(name), &copy.download(name), told) {
        Err(_) if !data.download(name).exists() => Ok(()),
        copied => Ok(copied?),
    }
}

/// Copies the files that were added between the first look and the moment of the database, and drops those
/// that it doesn't name.
fn take_missing_downloads(data: &DataDir, copy: &DataDir, contents: &Contents) -> Result {
    for download in &contents.downloads {
        let name = &download.file.sha256;
        if !copy.download(name).exists() {
            copy_file(&data.download(name), &copy.download(name), &mut |_| {}).map_err(|error| {
                format!(
                    "{error}; it is downloadable {}: if it was deleted just now, back up again",
                    download.id
                )
            })?;
        }
    }
    for name in copy.kept_downloads()? {
        if !contents.downloads.iter().any(|download| download.file.sha256 == name) {
            copy.remove_download(&name)?;
        }
    }
    Ok(())
}

/// Copies all that lies in the directory of the keys, also what no product names: clients may still trust it.
fn copy_keys(data: &DataDir, copy: &DataDir) -> Result {
    let failed = |error| format!("can't read {}: {error}", data.keys().display());
    for entry in fs::read_dir(data.keys()).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            copy_file(&entry.path(), &copy.keys().join(entry.file_name()), &mut |_| {})?;
        }
    }
    Ok(())
}

/// Copies the settings that lie in the data directory, if some do: without them the server would listen
/// elsewhere, and without TLS.
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
                format!("{} has no name in UTF-8: rename it", directory.join(file).display())
            })?;
            manifest.add(format!("{name}/{file}"), describe_file(&entry.path())?);
        }
    }
    Ok(())
}

/// Gives the directory its name once all that is in it is on disk.
fn finish(unfinished: TempDir, dest: &Path) -> Result {
    let copy = DataDir::new(unfinished.path());
    for directory in [&copy.keys(), &copy.downloads(), copy.path()] {
        sync_directory(directory)?;
    }
    fs::rename(unfinished.path(), dest).map_err(|error| {
        format!(
            "can't give the backup the name {}: {error}; give the name of a new directory",
            dest.display()
        )
    })?;
    // It has another name now: there is nothing left to remove.
    drop(unfinished.keep());
    Ok(sync_directory(parent(dest))?)
}

fn report(manifest: &Manifest, dest: &Path, output: &mut Output<'_>) -> Result {
    let shown = dest.display().to_string();
    let (keys, downloads) = (manifest.count_in("keys"), manifest.count_in("downloads"));
    let text = format!(
        "backup {shown}: verified, {}, as of {}\n{}\nit holds the private keys: keep it as you keep them; not in it are TLS files, and settings outside of the data directory",
        megabytes(manifest.bytes()),
        manifest.made_at,
        counted(manifest)
    );
    let value = json!({
        "backup": shown, "made_at": manifest.made_at, "bytes": manifest.bytes(), "counts": manifest.counts,
        "key_files": keys, "download_files": downloads, "settings": manifest.has_settings(),
    });
    output.result(&value, &text)
}

/// What is in a backup by number, in a line; tables without a row are left out.
pub fn counted(manifest: &Manifest) -> String {
    let rows = manifest.counts.iter().filter(|(_, rows)| **rows > 0);
    let mut parts: Vec<String> = rows.map(|(table, rows)| format!("{table} {rows}")).collect();
    parts.push(format!("key files {}", manifest.count_in("keys")));
    parts.push(format!("download files {}", manifest.count_in("downloads")));
    parts.push(if manifest.has_settings() { SETTINGS.to_owned() } else { format!("no {SETTINGS}") });
    parts.join(", ")
}

/// A size for people, in MB with one digit, rounded up.
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
