//! The check for files that an interrupted command left: keys that were staged, and downloads that no version uses.

use std::fs;
use std::path::Path;

use super::{Context, Finding};
use crate::domain::{Downloadable, PublishedKey};
use crate::files::DataDir;
use crate::maintenance::shell;
use crate::maintenance::signing_keys::file_of;
use crate::maintenance::units::number;
use crate::signing::{SigningKey, key_files};
use crate::store::{Error, Tx};

/// Checks that the database names every file in the directories of keys and downloads.
pub fn files(context: &Context<'_>) -> Finding {
    let named = |tx: &Tx<'_>| Ok::<_, Error>((tx.published_keys()?, tx.downloadables(None)?));
    super::database::query(context, named, |(keys, versions)| {
        assess(&commands(context.data, &keys, &versions))
    })
}

fn assess(commands: &[String]) -> Finding {
    match commands {
        [] => Finding::ok("none"),
        [first, ..] => Finding::warning(
            format!("{} of an interrupted command", number(commands.len() as u64, "file", "files")),
            first.clone(),
        ),
    }
}

/// The command that moves or removes each leftover file.
fn commands(data: &DataDir, keys: &[PublishedKey], versions: &[Downloadable]) -> Vec<String> {
    let staged = fs::read_dir(data.keys()).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let staged = staged.filter(|path| is_staged(path));
    let unused = data.unused_downloads(versions).unwrap_or_default().into_iter();
    let remove = |sha256: String| format!("rm {}", shell::path(&data.download(&sha256)));
    staged.map(|path| command_for_key(data, keys, &path)).chain(unused.map(remove)).collect()
}

/// Moves a staged key that the database names into its place, and removes any other.
fn command_for_key(data: &DataDir, keys: &[PublishedKey], path: &Path) -> String {
    let named = SigningKey::load(path)
        .ok()
        .and_then(|found| keys.iter().find(|key| key.fingerprint == *found.fingerprint()));
    let place = named.map(|key| file_of(key, data)).filter(|place| !place.exists());
    match place {
        Some(place) => format!("mv {} {}", shell::path(path), shell::path(&place)),
        None => format!("rm {}", shell::path(path)),
    }
}

fn is_staged(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(key_files::STAGED))
}
