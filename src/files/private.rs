//! Files and directories that only their owner can read, whatever the umask.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::Error;
use super::ownership::{give_directory, give_file};
use super::regular::check_directory;

/// Creates an empty file with mode 0600; fails if it exists. A file that root creates is given to the owner of its
/// directory. The umask may take the owner's own rights away: see [`create_private`].
pub fn create_private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    give_file(&file, path)?;
    Ok(file)
}

/// Like [`create_private_file`], but with mode 0600 also under a umask that takes rights from the owner.
pub fn create_private(path: &Path) -> io::Result<File> {
    let file = create_private_file(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Creates a directory and its missing parents with mode 0700. Refuses a path that is a link or another kind of file.
pub(super) fn create_private_directories(path: &Path) -> Result<(), Error> {
    check_directory(path)?;
    if path.is_dir() {
        return Ok(());
    }
    let create = || {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        give_directory(path)
    };
    create().map_err(|source| Error::io("can't make the directory", path, source))
}

/// Creates a directory with mode 0700 whatever the umask. An existing directory is left as it is.
pub fn make_private_directory(path: &Path) -> Result<(), Error> {
    let make = || match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_directory(path) => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            fs::set_permissions(path, Permissions::from_mode(0o700)).and_then(|()| give_directory(path))
        }
    };
    make().map_err(|source| Error::io("can't make the directory", path, source))
}

/// Syncs a directory: the names of the files in it are on disk.
pub fn sync_directory(path: &Path) -> Result<(), Error> {
    sync_names(path).map_err(|source| Error::io("can't sync the directory", path, source))
}

/// Like [`sync_directory`], for callers with an error of their own.
pub fn sync_names(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether the path is a directory, and not a symbolic link to one.
fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_dir())
}
