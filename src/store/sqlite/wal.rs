//! The write-ahead log as a file: whether it holds more changes than SQLite reads of it.
//!
//! SQLite reads the log up to the first frame with a wrong checksum, and takes that for the end. After a power cut it
//! is the end. If it is damage instead, all later changes are lost silently: a blocked license is valid again. The
//! frames that follow show the difference. With `synchronous=FULL` nothing is written after a commit until that commit
//! is synced, so a commit that is followed by another frame was acknowledged, and must be read.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::Connection;

use crate::files::open_regular;

/// The sizes of the headers of the log and of a frame in SQLite's file format.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The first word of a log. Its last bit says whether the checksums are of big-endian words.
const MAGIC: u32 = 0x377f_0682;

/// Describes the damage of the log at `path`, if changes are lost by it. `connection` has read from its database.
pub(in crate::store) fn damage(
    connection: &Connection,
    path: &Path,
) -> Result<Option<String>, rusqlite::Error> {
    let read = frames_read(connection)?;
    let found = match Log::open(path) {
        Ok(Some(log)) => log.damage_after(read),
        Ok(None) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    match found {
        Ok(None) => Ok(None),
        // Another process has written meanwhile, so that the frames were not those behind the end.
        Ok(Some(_)) if frames_read(connection)? != read => Ok(None),
        Ok(Some(what)) => Ok(Some(format!("{what} in its log {}", path.display()))),
        Err(error) => {
            log::warn!("can't check the write-ahead log {}: {error}", path.display());
            Ok(None)
        }
    }
}

/// The number of frames that SQLite reads from the log.
fn frames_read(connection: &Connection) -> Result<u64, rusqlite::Error> {
    let frames: i64 = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))?;
    Ok(u64::try_from(frames).unwrap_or(0))
}

struct Log {
    file: File,
    header: [u8; LOG_HEADER],
}

impl Log {
    /// Opens a log that has frames. A header alone may contain anything after a power cut, but no change is lost with
    /// it: SQLite syncs the header before it writes the first frame.
    fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = open_regular(path)?;
        let mut header = [0; LOG_HEADER];
        if file.metadata()?.len() <= LOG_HEADER as u64 {
            return Ok(None);
        }
        if !read_at(&file, &mut header, 0)? || header == [0; LOG_HEADER] {
            return Ok(None);
        }
        Ok(Some(Self { file, header }))
    }

    fn damage_after(&self, read: u64) -> io::Result<Option<String>> {
        let (to_sum, sum) = self.header.split_at(LOG_HEADER - 8);
        let big_endian = word(to_sum, 0) & 1 == 1;
        let sum = (word(sum, 0), word(sum, 4));
        if word(to_sum, 0) & !1 != MAGIC || checksum((0, 0), to_sum, big_endian) != sum {
            return Ok(Some("a damaged header".to_owned()));
        }
        let page = usize::try_from(word(to_sum, 8)).unwrap_or(0).clamp(512, 65_536);
        let mut frame = vec![0; FRAME_HEADER + page];
        let size = (FRAME_HEADER + page) as u64;
        // Each checksum continues the previous one.
        let mut before = sum;
        let mut after_commit = false;
        for number in read.saturating_sub(1).. {
            if !read_at(&self.file, &mut frame, LOG_HEADER as u64 + number * size)? {
                break;
            }
            let (head, content) = frame.split_at(FRAME_HEADER);
            let written = (word(head, 16), word(head, 20));
            // The last frame that SQLite reads only provides the start of the next checksum.
            if number >= read {
                let is_ours = head.get(8..16) == to_sum.get(16..24);
                let sum = checksum(before, head.get(..8).unwrap_or_default(), big_endian);
                let holds = is_ours && checksum(sum, content, big_endian) == written;
                if holds && after_commit {
                    return Ok(Some(format!(
                        "damage from frame {} on, followed by committed changes",
                        read + 1
                    )));
                }
                after_commit = holds && word(head, 4) != 0;
            }
            before = written;
        }
        Ok(None)
    }
}

/// Fills `buffer`; returns `false` at the end of the file.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
    match file.read_exact_at(buffer, offset) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The big-endian word at an offset; 0 past the end.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// The checksum of SQLite's file format over pairs of words, continuing from `sum`.
fn checksum(mut sum: (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let value = |at| if big_endian { word(bytes, at) } else { word(bytes, at).swap_bytes() };
    for at in (0..bytes.len()).step_by(8) {
        sum.0 = sum.0.wrapping_add(value(at)).wrapping_add(sum.1);
        sum.1 = sum.1.wrapping_add(value(at + 4)).wrapping_add(sum.0);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_a_power_cut_left_in_pieces_is_no_damage_until_something_follows_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, [0xab; LOG_HEADER]).unwrap();
        assert!(Log::open(&path).unwrap().is_none());
        std::fs::write(&path, [0xab; LOG_HEADER + FRAME_HEADER]).unwrap();
        let damage = Log::open(&path).unwrap().unwrap().damage_after(0).unwrap();
        assert_eq!(damage.as_deref(), Some("a damaged header"));
    }
}
