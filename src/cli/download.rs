//! `keyseal download …`: the versions of a product that customers may download.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::product::reference::{self, optional_id};
use super::{Output, Result, change, now, open};
use crate::domain::{Downloadable, NewDownloadable, StoredFile, Timestamp};
use crate::files::{DataDir, DownloadsLock, open_named};
use crate::store::{Store, Tx};

#[derive(Subcommand)]
pub enum Command {
    /// Add a file as a version of a product
    #[command(
        after_help = "Example:\n  keyseal download add app-1.0.2.zip --product 1 --version 1.0.2 --numeric-version 102"
    )]
    Add(AddArgs),
    /// List the versions of all products
    #[command(after_help = "Example:\n  keyseal download list --product 1")]
    List {
        /// Only versions of this product: its id, UUID, slug or name
        #[arg(long, value_name = "PRODUCT")]
        product: Option<String>,
    },
    /// Publish a version that was added as a draft
    #[command(after_help = "Example:\n  keyseal download publish 2")]
    Publish {
        /// Id in "keyseal download list"
        id: i64,
    },
    /// Delete a version, and files that no version uses any more
    #[command(after_help = "Example:\n  keyseal download delete 2")]
    Delete {
        /// Id in "keyseal download list"
        id: i64,
    },
}

#[derive(clap::Args)]
pub struct AddArgs {
    /// File to copy into the data directory
    file: PathBuf,
    /// Product: its id, UUID, slug or name
    #[arg(long, value_name = "PRODUCT")]
    product: String,
    /// Version as people write it, for example 1.0.2
    #[arg(long, value_name = "TEXT")]
    version: String,
    /// Number that orders the versions, for example 102
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    numeric_version: i64,
    /// News in one line
    #[arg(long, value_name = "TEXT", default_value = "")]
    summary: String,
    /// Full changelog of the version
    #[arg(long, value_name = "TEXT", default_value = "")]
    changelog: String,
    /// Release date, in UTC [default: now]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = Timestamp::parse)]
    release_date: Option<Timestamp>,
    /// Hide it from customers until "keyseal download publish"
    #[arg(long)]
    draft: bool,
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Add(args) => add(args, data, output),
        Command::List { product } => list(optional_id(data, product.as_deref())?, data, output),
        Command::Publish { id } => publish(*id, data, output),
        Command::Delete { id } => delete(*id, data, output),
    }
}

fn add(args: &AddArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let numeric_version = args.numeric_version;
    let name = file_name(&args.file)?;
    // Opened for the error, which names the argument to correct. The copy opens it again.
    drop(open_named(&args.file).map_err(|error| {
        format!("can't read {}: {error}; give the path of the file to add", args.file.display())
    })?);
    let product = reference::id(data, &args.product)?;
    let store = open(data)?;
    // Checked before a large file is copied, and again in the transaction.
    store.try_read(|tx| check_free(tx, product, numeric_version))?;
    let received = data.receive(&args.file)?;
    let new = NewDownloadable {
        product_id: product,
        numeric_version,
        version: args.version.trim().to_owned(),
        update_summary: args.summary.clone(),
        changelog: args.changelog.clone(),
        published: !args.draft,
        release_date: args.release_date.unwrap_or_else(now),
        file: StoredFile { name, sha256: received.sha256.clone(), size: received.size },
    };
    // The file is in its place before the row that names it is committed. After a crash in between it is unused, and
    // the next deletion removes it. The lock keeps a deletion from doing so now.
    let lock = data.lock_downloads()?;
    received.publish(&lock)?;
    let added = change(&store, move |tx| {
        check_free(tx, product, numeric_version)?;
        let id = tx.add_downloadable(&new, now())?.ok_or_else(|| taken(product, numeric_version))?;
        existing(tx, id)
    });
    if added.is_err() {
        // If the file can't be removed now, the next deletion tries again.
        drop(remove_unused(&store, data, &lock));
    }
    drop(lock);
    let added = added?;
    let text = format!(
        "downloadable {}: version {} of product {product}, {}",
        added.id,
        added.version,
        published(&added)
    );
    output.result(&to_json(&added), &text)
}

fn list(product: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let downloadables = open(data)?.try_read(|tx| tx.downloadables(product))?;
    let rows: Vec<(Value, Vec<String>)> = downloadables
        .iter()
        .map(|downloadable| {
            let cells = vec![
                downloadable.id.to_string(),
                downloadable.product_id.to_string(),
                downloadable.version.clone(),
                downloadable.numeric_version.to_string(),
                published(downloadable).to_owned(),
                downloadable.release_date.to_string(),
                downloadable.download_counter.to_string(),
                downloadable.file.name.clone(),
            ];
            (to_json(downloadable), cells)
        })
        .collect();
    output.list(&["id", "product", "version", "number", "state", "released", "downloads", "file"], &rows)
}

fn publish(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let downloadable = change(&open(data)?, move |tx| {
        tx.publish_downloadable(id, now())?;
        existing(tx, id)
    })?;
    output.result(&to_json(&downloadable), &format!("downloadable {id} is published"))
}

fn delete(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let store = open(data)?;
    let deleted = change(&store, move |tx| {
        let downloadable = existing(tx, id)?;
        tx.delete_downloadable(id)?;
        Ok(downloadable)
    })?;
    let removed = remove_unused(&store, data, &data.lock_downloads()?)?.contains(&deleted.file.sha256);
    let file = if removed { "its file is removed" } else { "its file stays: another version has the same" };
    output.result(
        &json!({ "id": id, "file_removed": removed }),
        &format!("downloadable {id} is deleted; {file}"),
    )
}

/// Removes the files that no committed row names, also those of deleted products and those that a crash left.
/// Returns their names.
fn remove_unused(store: &Store, data: &DataDir, _lock: &DownloadsLock) -> Result<Vec<String>> {
    let unused = data.unused_downloads(&store.try_read(|tx| tx.downloadables(None))?)?;
    unused.iter().try_for_each(|sha256| data.remove_download(sha256))?;
    Ok(unused)
}

fn check_free(tx: &Tx<'_>, product: i64, numeric_version: i64) -> Result {
    reference::by_id(tx, product)?;
    let versions = tx.downloadables(Some(product))?;
    if versions.iter().any(|version| version.numeric_version == numeric_version) {
        return Err(taken(product, numeric_version).into());
    }
    Ok(())
}

fn taken(product: i64, numeric_version: i64) -> String {
    format!(
        "product {product} has a version with the number {numeric_version} already: see \"keyseal download list\""
    )
}

fn file_name(file: &Path) -> Result<String> {
    let name = file.file_name().and_then(|name| name.to_str());
    Ok(name
        .ok_or_else(|| {
            format!("{} has no file name in UTF-8 to download it by: rename the file", file.display())
        })?
        .to_owned())
}

fn existing(tx: &Tx<'_>, id: i64) -> Result<Downloadable> {
    Ok(tx
        .downloadable(id)?
        .ok_or_else(|| format!("there is no downloadable {id}: see \"keyseal download list\""))?)
}

fn published(downloadable: &Downloadable) -> &'static str {
    if downloadable.published { "published" } else { "draft" }
}

fn to_json(downloadable: &Downloadable) -> Value {
    json!({
        "id": downloadable.id, "product_id": downloadable.product_id, "version": downloadable.version,
        "numeric_version": downloadable.numeric_version, "update_summary": downloadable.update_summary,
        "changelog": downloadable.changelog, "published": downloadable.published,
        "release_date": downloadable.release_date.to_string(), "download_counter": downloadable.download_counter,
        "file_name": downloadable.file.name, "file_size": downloadable.file.size,
        "file_sha256": downloadable.file.sha256,
    })
}
