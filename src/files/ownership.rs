//! The owner of new files: a file that root creates is given to the owner of its directory, so that a service that
//! runs as that user can read it.

use std::fs::{File, OpenOptions};
use std::io;
use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::Path;

use rustix::fs::OFlags;

/// Gives a file that was just created at `path` to the owner of its directory. Does nothing unless run as root.
pub(super) fn give_file(file: &File, path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent().filter(|_| rustix::process::geteuid().is_root()) else { return Ok(()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let owner = parent.metadata()?;
    let about = file.metadata()?;
    if (about.uid(), about.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    match fchown(file, Some(owner.uid()), Some(owner.gid())) {
        // Root in a container may lack the right, and some file systems have no owners. "keyseal doctor" reports
        // files with the wrong owner.
        Err(error) if matches!(error.kind(), PermissionDenied | InvalidInput | Unsupported) => Ok(()),
        given => given,
    }
}

/// Like [`give_file`], for a directory.
pub fn give_directory(path: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    // NOFOLLOW: the owner of the parent directory may have replaced it with a symbolic link.
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    give_file(&OpenOptions::new().read(true).custom_flags(flags).open(path)?, path)
}
