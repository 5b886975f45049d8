//! `keyseal backup` and `keyseal restore`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::terminal::progress::TerminalProgress;
use super::{Output, Result, now};
use crate::files::DataDir;
use crate::maintenance::backup::{self, Manifest, Restored, SETTINGS};
use crate::maintenance::shell::command;
use crate::maintenance::units::{megabytes, number};
use crate::store::SCHEMA_VERSION;

#[derive(clap::Args)]
pub struct BackupArgs {
    /// Directory to create; missing parent directories are created too. Must be empty if it exists
    dest: PathBuf,
}

#[derive(clap::Args)]
pub struct RestoreArgs {
    /// Directory that "keyseal backup" made
    source: PathBuf,
}

pub fn create(args: &BackupArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let manifest = backup::create(data, &args.dest, now(), &TerminalProgress::new()?)?;
    let dest = args.dest.display().to_string();
    let text = format!(
        "backup {dest}: verified, {}, as of {}\n{}\n\
         it holds the private keys: protect it like them; TLS files, and settings outside of the data directory, are \
         not included",
        megabytes(manifest.bytes()),
        manifest.made_at,
        contents(&manifest)
    );
    let value = json!({
        "backup": dest, "made_at": manifest.made_at, "bytes": manifest.bytes(), "counts": manifest.counts,
        "key_files": manifest.count_in("keys"), "download_files": manifest.count_in("downloads"),
        "settings": manifest.has_settings(),
    });
    output.result(&value, &text)
}

pub fn restore(args: &RestoreArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let Restored { manifest, schema } = backup::restore(&args.source, data, &TerminalProgress::new()?)?;
    // A server upgrades the database too, but doctor refuses an older one.
    let upgrade =
        if schema < SCHEMA_VERSION { format!("{}\n      ", command("upgrade", data)) } else { String::new() };
    let name = |path: &Path| path.display().to_string();
    let text = format!(
        "restored {} into {}: {}, as of {}\n{}\n\
         TLS files, and settings outside of the data directory, are in no backup: copy them separately\n\
         next: {upgrade}{}\n      {}",
        name(&args.source),
        name(data.path()),
        megabytes(manifest.bytes()),
        manifest.made_at,
        contents(&manifest),
        command("doctor", data),
        command("serve", data),
    );
    let value = json!({
        "data": name(data.path()), "source": name(&args.source), "made_at": manifest.made_at,
        "bytes": manifest.bytes(), "counts": manifest.counts, "key_files": manifest.count_in("keys"),
        "download_files": manifest.count_in("downloads"), "settings": manifest.has_settings(),
    });
    output.result(&value, &text)
}

/// The contents of a backup in one line, without empty tables.
fn contents(manifest: &Manifest) -> String {
    let rows = manifest.counts.iter().filter(|(_, rows)| **rows > 0);
    let mut parts: Vec<String> = rows.map(|(table, rows)| format!("{table}: {rows}")).collect();
    for (directory, one, many) in
        [("keys", "key file", "key files"), ("downloads", "download file", "download files")]
    {
        let count = manifest.count_in(directory) as u64;
        parts.extend((count > 0).then(|| number(count, one, many)));
    }
    parts.push(if manifest.has_settings() { SETTINGS.to_owned() } else { format!("no {SETTINGS}") });
    parts.join(", ")
}
