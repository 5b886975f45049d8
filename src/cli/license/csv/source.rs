//! The file of an import, which is read twice. Standard input, which can be read only once, is copied to a temporary
//! file first.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::Format;
use crate::cli::Result;
use crate::files::open_named;

/// The most bytes that are taken from a pipe: a million licenses take about a tenth of it.
const MAX_PIPED: u64 = 2 * 1024 * 1024 * 1024;

/// The number of bytes by which the format is recognized.
const START: u64 = 64 * 1024;

/// The size of the buffer for reading.
const BUFFER: usize = 64 * 1024;

pub struct Source {
    file: File,
    /// Its name in messages.
    pub name: String,
    pub length: u64,
    pub format: Format,
}

impl Source {
    /// Opens a regular file; `-` and `/dev/stdin` are standard input.
    pub fn open(path: &Path) -> Result<Self> {
        let is_input = [Path::new("-"), Path::new("/dev/stdin")].contains(&path);
        let name = if is_input { "standard input".to_owned() } else { path.display().to_string() };
        let failed = |error: io::Error| format!("can't read {name}: {error}");
        let file = if is_input { spooled(io::stdin().lock()) } else { open_named(path) };
        let file = file.map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut start = Vec::new();
        (&file).take(START).read_to_end(&mut start).map_err(failed)?;
        let format = Format::of(&start).map_err(|reason| format!("{name} {reason}"))?;
        Ok(Self { file, name, length, format })
    }

    /// Reads the file from its first record on.
    pub fn reader(&self) -> io::Result<BufReader<&File>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.format.skipped as u64))?;
        Ok(BufReader::with_capacity(BUFFER, file))
    }
}

/// A temporary file with all that `input` has. It has no name, so that nothing of it stays behind.
fn spooled(input: impl io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    let copied = io::copy(&mut input.take(MAX_PIPED + 1), &mut file)?;
    if copied > MAX_PIPED {
        return Err(io::Error::other(format!("it has more than {MAX_PIPED} bytes: give a file instead")));
    }
    file.rewind()?;
    Ok(file)
}
