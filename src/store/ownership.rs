//! Whose new files are: what root makes belongs to the owner of the directory it is in, so that a service
//! with a user of its own can read it.

use std::fs::{File, OpenOptions};
use std::io;
use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::Path;

use rustix::fs::OFlags;

/// Gives a file that was just made at `path` to the owner of its directory, if root made it; nobody else may
/// give files away.
pub(super) fn give_file(file: &File, path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent().filter(|_| rustix::process::geteuid().is_root()) else { return Ok(()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let owner = parent.metadata()?;
    let about = file.metadata()?;
    if (about.uid(), about.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    match fchown(file, Some(owner.uid()), Some(owner.gid())) {
        // Not every root may, and not every file system can: then all is as it was before, and "doctor" tells of it.
        Err(error) if matches!(error.kind(), PermissionDenied | InvalidInput | Unsupported) => Ok(()),
        given => given,
    }
}

/// The same for a directory.
pub fn give_directory(path: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    // Whoever owns the directory above may put a link into its place.
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
    give_file(&OpenOptions::new().read(true).custom_flags(flags).open(path)?, path)
}
