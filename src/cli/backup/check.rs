//! Whether a copy of a data directory is whole: what a backup is asked before it says that it is done, and a
//! restore too.

use std::path::Path;

use crate::cli::Result;
use crate::domain::{Downloadable, Product, ProductKey, PublishedKey};
use crate::files::{DataDir, describe_file};
use crate::signing::Keyring;
use crate::store::{Inspection, SCHEMA_VERSION, TableCounts};

/// What the database of a copy says must be there beside it.
pub struct Contents {
    pub schema: i64,
    counts: TableCounts,
    /// The products that have a key of their own.
    own_keys: Vec<ProductKey>,
    global_keys: Vec<PublishedKey>,
    /// A file each, by its SHA-256.
    pub downloads: Vec<Downloadable>,
}

impl Contents {
    /// Reads a database that nobody else has open, after asking SQLite whether it is sound.
    pub fn read(copy: &DataDir) -> Result<Self> {
        let path = copy.database();
        let database = Inspection::open(&path)?;
        check_sound(&database, &path)?;
        let (counts, products, downloads) =
            database.read(|tx| Ok((tx.table_counts()?, tx.products()?, tx.downloadables(None)?)))?;
        let own_keys = products.iter().filter_map(Product::own_key).collect();
        let global_keys = database.read(|tx| tx.published_keys_of(None))?;
        Ok(Self { schema: database.version(), counts, own_keys, global_keys, downloads })
    }

    /// The database has the rows that it must have, each key is there and is the right one, and so is each
    /// file that customers download.
    pub fn check(&self, copy: &DataDir, counts: &TableCounts) -> Result {
        check_counts(&self.counts, counts, &copy.database())?;
        self.check_keys(copy)?;
        self.downloads.iter().try_for_each(|download| check_download(copy, download))
    }

    pub fn check_keys(&self, data: &DataDir) -> Result {
        Keyring::load(data, &self.own_keys, &self.global_keys)?;
        Ok(())
    }
}

/// Checks a copy that is to be restored, and gives the version of its schema.
///
/// Of an older one, keys and downloads can be looked up in the database only once it is upgraded; that their files
/// are those of the backup is known.
pub fn check_restored(copy: &DataDir, counts: &TableCounts) -> Result<i64> {
    let path = copy.database();
    let database = Inspection::open_any_version(&path)?;
    if database.version() == SCHEMA_VERSION {
        Contents::read(copy)?.check(copy, counts)?;
    } else {
        check_sound(&database, &path)?;
        check_counts(&database.read(|tx| tx.table_counts())?, counts, &path)?;
    }
    Ok(database.version())
}

fn check_sound(database: &Inspection, path: &Path) -> Result {
    let (faults, broken) = database.read(|tx| Ok((tx.faults()?, tx.broken_references()?)))?;
    if let Some(fault) = faults.first() {
        return Err(unsound(path, fault).into());
    }
    if let Some(row) = broken.first() {
        return Err(unsound(path, &format!("{row} refers to nothing")).into());
    }
    Ok(())
}

fn check_counts(found: &TableCounts, expected: &TableCounts, path: &Path) -> Result {
    if found != expected {
        return Err(unsound(path, "it has not the rows that were counted").into());
    }
    Ok(())
}

fn check_download(copy: &DataDir, download: &Downloadable) -> Result {
    let file = copy.download(&download.file.sha256);
    if describe_file(&file)?.sha256 == download.file.sha256.to_ascii_lowercase() {
        return Ok(());
    }
    let Downloadable { id, version, product_id, .. } = download;
    Err(format!(
        "downloadable {id} (version {version} of product {product_id}) is not what was added: its file is damaged; \
         \"keyseal download delete {id}\" and add it again"
    )
    .into())
}

fn unsound(path: &Path, fault: &str) -> String {
    format!(
        "{} is damaged ({fault}): run \"keyseal doctor\", and keep the backups that you have",
        path.display()
    )
}
