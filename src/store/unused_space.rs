//! The parts of a database file that hold no row: free pages, and the gaps within the others.
//!
//! What is found there is a remain of a deleted row, never a row that somebody else has a right to. The format is that
//! of <https://sqlite.org/fileformat2.html>.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::iter;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use rusqlite::Connection;

/// How a page is used. A page that no table and no index uses is free.
#[derive(Clone, Copy)]
enum Use {
    /// A page of a b-tree: its header tells where the rows are.
    Rows,
    /// A page with a part of a long row, and the number of bytes at its end that are unused.
    Overflow(u32),
}

/// Reads a database file with zeros in place of its rows.
pub(super) struct UnusedSpace<'a> {
    file: &'a File,
    uses: HashMap<u32, Use>,
    page: Vec<u8>,
    /// The number of the page that comes next, from 1.
    next: u32,
    /// How many bytes of the page were read.
    taken: usize,
}

impl<'a> UnusedSpace<'a> {
    /// `connection` must be in a read transaction whose snapshot is in the file alone, without the write-ahead log.
    pub(super) fn new(connection: &Connection, file: &'a File) -> Result<Self, rusqlite::Error> {
        let size: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        // The samples that ANALYZE makes of indexes are copies of rows, and count as unused.
        let sql = "SELECT pageno, pagetype = 'overflow', unused FROM dbstat
                   WHERE name NOT LIKE 'sqlite#_stat%' ESCAPE '#'";
        let mut statement = connection.prepare(sql)?;
        let uses = statement.query_map([], |row| {
            Ok((row.get(0)?, if row.get(1)? { Use::Overflow(row.get(2)?) } else { Use::Rows }))
        })?;
        let uses = uses.collect::<Result<_, _>>()?;
        Ok(Self { file, uses, page: vec![0; size as usize], next: 1, taken: size as usize })
    }

    /// Reads the next page, and overwrites its rows with zeros. `false`: there is none.
    fn next_page(&mut self) -> io::Result<bool> {
        let size = self.page.len();
        match self.file.read_exact_at(&mut self.page, u64::from(self.next - 1) * size as u64) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        let unused = match self.uses.get(&self.next) {
            None => one(0..size),
            Some(Use::Overflow(unused)) => one(size.saturating_sub(*unused as usize)..size),
            // A page that is not as expected is searched as a whole.
            Some(Use::Rows) => {
                gaps(&self.page, if self.next == 1 { 100 } else { 0 }).unwrap_or_else(|| one(0..size))
            }
        };
        let mut masked = vec![0; size];
        for gap in unused {
            if let (Some(to), Some(from)) = (masked.get_mut(gap.clone()), self.page.get(gap)) {
                to.copy_from_slice(from);
            }
        }
        self.page = masked;
        (self.next, self.taken) = (self.next + 1, 0);
        Ok(true)
    }
}

impl Read for UnusedSpace<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.page.len() && !self.next_page()? {
            return Ok(0);
        }
        let read = self.page.get(self.taken..).unwrap_or_default().read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

fn one(range: Range<usize>) -> Vec<Range<usize>> {
    iter::once(range).collect()
}

/// The gaps of a b-tree page whose header is at `header`: between its pointers and its rows, and those that are listed.
/// `None`: it is no such page.
fn gaps(page: &[u8], header: usize) -> Option<Vec<Range<usize>>> {
    let number = |at: usize| Some(usize::from(u16::from_be_bytes([*page.get(at)?, *page.get(at + 1)?])));
    let length = match page.get(header)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    let pointers_end = header + length + 2 * number(header + 3)?;
    let rows_start = match number(header + 5)? {
        0 => 65_536,
        start => start,
    };
    let mut gaps = one(pointers_end..rows_start);
    let mut listed = number(header + 1)?;
    while listed != 0 {
        let (next, end) = (number(listed)?, listed + number(listed + 2)?);
        gaps.push(listed..end);
        if next != 0 && next < end {
            return None;
        }
        listed = next;
    }
    gaps.iter().all(|gap| gap.start <= gap.end && gap.end <= page.len()).then_some(gaps)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::path::Path;

    use super::*;
    use crate::store::sqlite::connection::open_writing;

    /// What the file of a database with these statements holds beside its rows, and the whole file.
    fn unused_after(sql: &str, page_size: u32, secure_delete: bool) -> (Vec<u8>, Vec<u8>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.db");
        File::create(&path).unwrap();
        let connection = open_writing(&path).unwrap();
        connection.pragma_update(None, "secure_delete", secure_delete).unwrap();
        connection.pragma_update(None, "page_size", page_size).unwrap();
        connection
            .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX i ON t (a)")
            .unwrap();
        connection.execute_batch(sql).unwrap();
        let unused = unused(&connection, &path);
        drop(connection);
        (unused, std::fs::read(&path).unwrap())
    }

    fn unused(connection: &Connection, path: &Path) -> Vec<u8> {
        let file = File::open(path).unwrap();
        let mut bytes = Vec::new();
        UnusedSpace::new(connection, &file).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn count(bytes: &[u8], text: &str) -> usize {
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    }

    const MANY: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999) INSERT INTO t (a)";

    #[test]
    fn rows_are_masked_and_what_is_left_of_deleted_ones_is_not() {
        for page_size in [512, 4_096, 65_536] {
            let live = [
                format!("{MANY} SELECT 'Needle' || i FROM n"),
                format!(
                    "{MANY} SELECT printf('%.*c', i * 2, 'x') || 'Needle' || printf('%.*c', i * 2, 'x') FROM n"
                ),
            ];
            for sql in live {
                let (unused, file) = unused_after(&sql, page_size, false);
                assert_eq!(unused.len(), file.len());
                // When pages are split, copies of rows stay in gaps; with the same rows, all others are masked.
                let (left, all) = (count(&unused, "Needle"), count(&file, "Needle"));
                assert!(all - left >= 2 * 900 && left < all / 2, "{page_size}: {left} of {all}");
                let rows = all - left;
                let deleted = format!("{sql}; DELETE FROM t WHERE id % 2 = 0");
                let (unused, file) = unused_after(&deleted, page_size, false);
                let (left, all) = (count(&unused, "Needle"), count(&file, "Needle"));
                assert!(all - left <= rows / 2 + 40 && left > 100, "{page_size}: {left} of {all}");
                let (unused, file) = unused_after(&format!("{sql}; DELETE FROM t"), page_size, false);
                assert_eq!(count(&unused, "Needle"), count(&file, "Needle"), "{page_size}");
            }
        }
    }

    #[test]
    fn after_a_rewrite_only_the_samples_of_analyze_are_left() {
        let sql = format!("{MANY} SELECT 'Needle' || i FROM n; DELETE FROM t WHERE id % 2 = 0; VACUUM");
        assert_eq!(count(&unused_after(&sql, 4_096, true).0, "Needle"), 0);
        assert!(count(&unused_after(&format!("{sql}; ANALYZE"), 4_096, true).0, "Needle") > 0);
    }

    #[test]
    fn a_page_that_makes_no_sense_is_no_page_of_rows() {
        let page = |start: &[u8]| [start, &[0; 512]].concat();
        assert!(gaps(&page(&[13, 0, 0, 0, 0, 1, 0, 0]), 0).is_some());
        // Its kind; more pointers than bytes; rows behind its end; a list that leads back to itself; a gap behind its
        // end.
        for wrong in [
            [7, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
            [13, 0, 0, 255, 255, 1, 0, 0, 0, 0, 0, 0],
            [13, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0],
            [13, 0, 8, 0, 0, 1, 0, 0, 0, 8, 0, 4],
            [13, 0, 8, 0, 0, 1, 0, 0, 0, 0, 9, 0],
        ] {
            assert!(gaps(&page(&wrong), 0).is_none(), "{wrong:?}");
        }
        assert!(gaps(&[13], 0).is_none() && gaps(&[], 100).is_none());
    }
}
