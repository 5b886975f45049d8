//! Opens regular files and nothing else. Anyone who can write to a directory can put a symbolic link there that leads
//! to another user's file, or a FIFO that blocks its reader.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use super::Error;

/// Opens a file of a data directory or of a backup to read it. Follows no symbolic link.
pub fn open_regular(path: &Path) -> io::Result<File> {
    open_regular_with(OpenOptions::new().read(true), path)
}

/// Like [`open_regular`], with the caller's options.
pub(super) fn open_regular_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)
        .map_err(|error| reason(fs::symlink_metadata(path), error))?;
    let about = file.metadata()?;
    refuse_other_kinds(about.file_type())?;
    refuse_foreign_name(&about, path)?;
    Ok(file)
}

/// Opens a file that the operator named, which may be a symbolic link: tools that renew certificates use them.
pub fn open_named(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(|error| reason(fs::metadata(path), error))?;
    refuse_other_kinds(file.metadata()?.file_type())?;
    Ok(file)
}

/// Refuses a path unless it is a regular file or missing. For files that SQLite opens.
pub fn check_regular(path: &Path) -> Result<(), Error> {
    let checked = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        about => about
            .and_then(|about| refuse_other_kinds(about.file_type()).and(refuse_foreign_name(&about, path))),
    };
    checked.map_err(|source| {
        let what = if source.kind() == ErrorKind::InvalidInput { "can't use" } else { "can't see" };
        Error::io(what, path, source)
    })
}

/// Refuses a path unless it is a directory or missing.
pub(super) fn check_directory(path: &Path) -> Result<(), Error> {
    let refused = match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => return Ok(()),
        Ok(about) => io::Error::new(
            ErrorKind::InvalidInput,
            format!("it is {}, and must be a directory", kind(about.file_type())),
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => error,
    };
    Err(Error::io("can't use", path, refused))
}

/// Returns the reason why a file could not be opened: its kind, if that is the cause.
fn reason(about: io::Result<Metadata>, error: io::Error) -> io::Error {
    match about {
        Ok(about) => refuse_other_kinds(about.file_type()).err().unwrap_or(error),
        Err(_) => error,
    }
}

fn refuse_other_kinds(found: FileType) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    let why = if found.is_symlink() {
        "it is a symbolic link, which is not followed".to_owned()
    } else {
        format!("it is {}, and must be a regular file", kind(found))
    };
    Err(io::Error::new(ErrorKind::InvalidInput, why))
}

/// The directory of a file, also of one that is named without it.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses, when run as root, another user's file that has a second name. The owner of a directory may have linked
/// the file there, so that root gives it away or copies it.
fn refuse_foreign_name(about: &Metadata, path: &Path) -> io::Result<()> {
    if about.nlink() < 2 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    if parent(path).metadata()?.uid() == about.uid() {
        return Ok(());
    }
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        "it is a hard link to a file of another user than the owner of its directory",
    ))
}

fn kind(found: FileType) -> &'static str {
    match () {
        () if found.is_symlink() => "a symbolic link",
        () if found.is_dir() => "a directory",
        () if found.is_fifo() => "a FIFO (named pipe)",
        () if found.is_socket() => "a socket",
        () if found.is_file() => "a file",
        () => "a device",
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_a_regular_file_is_opened_and_nothing_blocks() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::write(place("file"), "x").unwrap();
        symlink(place("file"), place("link")).unwrap();
        symlink(place("gone"), place("broken")).unwrap();
        fs::create_dir(place("directory")).unwrap();
        mknodat(CWD, place("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let _socket = UnixListener::bind(place("socket")).unwrap();
        symlink(place("fifo"), place("link to fifo")).unwrap();
        let said = |opened: io::Result<File>| opened.err().map(|error| error.to_string()).unwrap_or_default();
        for (name, own, named) in [
            ("file", "", ""),
            ("link", "symbolic link", ""),
            ("broken", "symbolic link", "No such file"),
            ("directory", "directory", "directory"),
            ("fifo", "FIFO", "FIFO"),
            ("socket", "socket", "socket"),
            ("link to fifo", "symbolic link", "FIFO"),
            ("gone", "No such file", "No such file"),
        ] {
            let path = place(name);
            let of_lock = open_regular_with(OpenOptions::new().read(true).write(true), &path);
            for (found, expected) in
                [(said(open_regular(&path)), own), (said(of_lock), own), (said(open_named(&path)), named)]
            {
                assert!(
                    found.contains(expected) && found.is_empty() == expected.is_empty(),
                    "{name}: {found}"
                );
            }
            let checked = check_regular(&path).map_err(|error| error.to_string()).err().unwrap_or_default();
            assert_eq!(checked.is_empty(), ["file", "gone"].contains(&name), "{name}: {checked}");
        }
    }
}
