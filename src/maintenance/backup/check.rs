//! Verification of a copied data directory, for a backup before it is finished and for a restore.

use std::path::{Path, PathBuf};

use crate::domain::{Downloadable, Product, ProductKey, PublishedKey};
use crate::files::{DataDir, describe_file};
use crate::maintenance::Result;
use crate::signing::Keyring;
use crate::store::{Inspection, SCHEMA_VERSION, TableCounts};

/// The files that the database of a copy needs.
pub struct Contents {
    /// The name of the database in errors: the operator's file, not the temporary copy.
    name: PathBuf,
    counts: TableCounts,
    /// The products' own keys.
    own_keys: Vec<ProductKey>,
    global_keys: Vec<PublishedKey>,
    /// The downloadables. Their files are named by their SHA-256.
    pub downloads: Vec<Downloadable>,
}

impl Contents {
    /// Reads the database of a copy, which nobody else has open. Fails if it is damaged. `name` is the file in errors.
    pub fn read(copy: &DataDir, name: &Path) -> Result<Self> {
        Self::of(&Inspection::open(&copy.database())?, name)
    }

    /// Like [`Self::read`], of a database that is open and has the current schema.
    fn of(database: &Inspection, name: &Path) -> Result<Self> {
        check_sound(database, name)?;
        let (counts, products, downloads) =
            database.read(|tx| Ok((tx.table_counts()?, tx.products()?, tx.downloadables(None)?)))?;
        let own_keys = products.iter().filter_map(Product::own_key).collect();
        let global_keys = database.read(|tx| tx.published_keys_of(None))?;
        Ok(Self { name: name.to_owned(), counts, own_keys, global_keys, downloads })
    }

    /// Checks the number of rows, the signing keys and the downloads.
    pub fn check(&self, copy: &DataDir, counts: &TableCounts) -> Result {
        check_counts(&self.counts, counts, &self.name)?;
        self.check_keys(copy)?;
        self.downloads.iter().try_for_each(|download| check_download(copy, download))
    }

    pub fn check_keys(&self, data: &DataDir) -> Result {
        Keyring::load(data, &self.own_keys, &self.global_keys)?;
        Ok(())
    }
}

/// Verifies a copy that is to be restored, and returns the version of its schema. `name` is the database in errors.
///
/// In an older schema, keys and downloads can be looked up only after an upgrade; the manifest vouches for their files.
pub fn check_restored(copy: &DataDir, name: &Path, counts: &TableCounts) -> Result<i64> {
    let database = Inspection::open_any_version(&copy.database())?;
    if database.version() == SCHEMA_VERSION {
        Contents::of(&database, name)?.check(copy, counts)?;
    } else {
        check_sound(&database, name)?;
        check_counts(&database.read(|tx| tx.table_counts())?, counts, name)?;
    }
    Ok(database.version())
}

fn check_sound(database: &Inspection, name: &Path) -> Result {
    let (faults, broken) = (database.faults()?, database.read(|tx| tx.broken_references())?);
    if let Some(fault) = faults.first() {
        return Err(damaged(name, fault).into());
    }
    if let Some(row) = broken.first() {
        return Err(damaged(name, &format!("{row} refers to a missing row")).into());
    }
    Ok(())
}

fn check_counts(found: &TableCounts, expected: &TableCounts, name: &Path) -> Result {
    if found != expected {
        return Err(damaged(name, "the copy has more or fewer rows than the original").into());
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
        "downloadable {id} (version {version} of product {product_id}) has a damaged file: run \"keyseal download \
         delete {id}\" and add it again"
    )
    .into())
}

fn damaged(path: &Path, fault: &str) -> String {
    format!("{} is damaged ({fault}): run \"keyseal doctor\", and keep your older backups", path.display())
}
