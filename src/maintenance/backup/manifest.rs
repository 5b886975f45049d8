//! The manifest of a backup: its files with their sizes and hashes. A restore copies these files, and verifies each.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::{CopiedFile, DataDir, describe_file, open_regular, write_file};
use crate::maintenance::Result;
use crate::store::{SCHEMA_VERSION, TableCounts};

const NAME: &str = "manifest.json";

/// The settings file, which not every data directory has.
pub const SETTINGS: &str = "keyseal.toml";

/// The version of the format. A program refuses a newer one.
const FORMAT: u32 = 1;

/// The size up to which a manifest is read. With 100,000 downloads it has about 15 MB.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// The version of the program that made the backup.
    pub keyseal: String,
    /// The version of the database's schema.
    schema: i64,
    /// The time of the snapshot, in UTC.
    pub made_at: String,
    /// The number of rows in each table.
    pub counts: TableCounts,
    /// The files by their path in the backup.
    files: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    size: u64,
    sha256: String,
}

impl Manifest {
    pub fn new(made_at: String, schema: i64, counts: TableCounts) -> Self {
        let keyseal = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, keyseal, schema, made_at, counts, files: BTreeMap::new() }
    }

    pub fn add(&mut self, name: String, file: CopiedFile) {
        self.files.insert(name, Entry { size: file.size, sha256: file.sha256 });
    }

    /// The files, each with its expected size and hash.
    pub fn files(&self) -> impl Iterator<Item = (&str, CopiedFile)> {
        self.files.iter().map(|(name, entry)| {
            (name.as_str(), CopiedFile { size: entry.size, sha256: entry.sha256.clone() })
        })
    }

    /// The number of files in a directory of the backup.
    pub fn count_in(&self, directory: &str) -> usize {
        self.files
            .keys()
            .filter(|name| name.split_once('/').is_some_and(|(first, _)| first == directory))
            .count()
    }

    /// Whether the backup has a settings file.
    pub fn has_settings(&self) -> bool {
        self.files.contains_key(SETTINGS)
    }

    /// The size of all files.
    pub fn bytes(&self) -> u64 {
        self.files.values().fold(0, |sum, entry| sum.saturating_add(entry.size))
    }

    /// Writes the manifest and its checksum into the directory of the backup.
    pub fn write(&self, directory: &Path) -> Result {
        let [path, sum_path] = DataDir::new(directory).manifest();
        write_file(format!("{}\n", serde_json::to_string_pretty(self)?).as_bytes(), &path)?;
        let sum = describe_file(&path)?.sha256;
        Ok(write_file(format!("{sum}  {NAME}\n").as_bytes(), &sum_path)?)
    }

    /// Reads the manifest of a backup. Refuses a damaged one, and one from a newer program.
    pub fn read(directory: &Path) -> Result<Self> {
        // The checksum has the format of `sha256sum -c`.
        let [path, sum_path] = DataDir::new(directory).manifest();
        let sum = read(&sum_path, directory)?;
        let text = read(&path, directory)?;
        let damaged = |what: &str| format!("{} {what}: this backup is damaged, use another", path.display());
        if sum != format!("{}  {NAME}\n", describe_file(&path)?.sha256).as_bytes() {
            return Err(damaged("doesn't match its checksum").into());
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|_| damaged("is not a manifest"))?;
        if manifest.format > FORMAT || manifest.schema > SCHEMA_VERSION {
            return Err(format!(
                "{} was made by a newer Keyseal ({}): restore it with that version",
                directory.display(),
                manifest.keyseal
            )
            .into());
        }
        if let Some(name) = manifest.files.keys().find(|name| !is_in_backups(name)) {
            return Err(damaged(&format!(
                "lists a file that is never in a backup ({})",
                name.escape_debug()
            ))
            .into());
        }
        Ok(manifest)
    }
}

/// Whether a backup can have a file of this name. Names become paths, so all others are refused.
fn is_in_backups(name: &str) -> bool {
    let plain = |name: &str| !["", ".", ".."].contains(&name) && !name.contains(['/', '\0']);
    match name.split_once('/') {
        None => ["keyseal.db", SETTINGS].contains(&name),
        Some(("keys" | "downloads", file)) => plain(file),
        Some(_) => false,
    }
}

fn read(path: &Path, directory: &Path) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    open_regular(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut content)).map_err(|error| {
        format!(
            "can't read {}: {error}; {} must be a complete directory that \"keyseal backup\" made",
            path.display(),
            directory.display()
        )
    })?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_lists_nothing_outside_of_its_backup() {
        for name in ["keyseal.db", "keyseal.toml", "keys/global.pem", "downloads/00ff"] {
            assert!(is_in_backups(name), "{name}");
        }
        for name in [
            "",
            "/etc/x",
            "../x",
            "keys/../x",
            "keys/",
            "keys/..",
            "keys/a/b",
            "server.lock",
            "other/x",
            "keys/a\0",
        ] {
            assert!(!is_in_backups(name), "{name}");
        }
    }
}
