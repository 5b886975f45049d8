//! `keyseal license bulk …`: one change to many licenses.

mod run;

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use run::{Bulk, Selection, report};

use super::filter::FilterArgs;
use super::release::seats;
use super::renew::Term;
use super::{license_key, notes};
use crate::cli::confirm::confirm;
use crate::cli::product::reference;
use crate::cli::{Output, Result, now, open};
use crate::domain::{LicenseKey, LicenseQuery, NotesChange, parse_note};
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::operations::BulkChange;

#[derive(Subcommand)]
pub enum Command {
    /// Renew licenses. With --until, those that are valid longer stay as they are
    #[command(
        after_help = "Example:\n  keyseal license bulk renew --years 1 --product 1 --expiring 30 --dry-run"
    )]
    Renew {
        #[command(flatten)]
        term: Term,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Block licenses. Blocked ones get the new reason
    #[command(
        after_help = "Example:\n  keyseal license bulk block --reason \"stolen card\" --owner-email zoe@shop.example"
    )]
    Block {
        /// Why, in at most 4 KiB. Only you see it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Unblock licenses: each gets back the status that it had
    #[command(after_help = "Example:\n  keyseal license bulk unblock --keys-from keys.txt")]
    Unblock {
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Move licenses to another product
    #[command(after_help = "Example:\n  keyseal license bulk move --to pro --product basic")]
    Move {
        /// Product that they move to: its id, UUID, slug or name
        #[arg(long, value_name = "PRODUCT")]
        to: String,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// End activations of licenses, whose webhooks are sent
    #[command(
        group = clap::ArgGroup::new("seats").required(true),
        after_help = "Example:\n  keyseal license bulk release --all-seats --state expired"
    )]
    Release {
        /// End the activation on this identifier
        #[arg(long, group = "seats")]
        identifier: Option<String>,
        /// End all activations
        #[arg(long, group = "seats")]
        all_seats: bool,
        /// End the activation that is the oldest
        #[arg(long, group = "seats")]
        oldest: bool,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Keep a note about licenses, in place of the ones that they have
    #[command(
        after_help = "Example:\n  keyseal license bulk note \"summer sale\" --created-since 2027-06-01"
    )]
    Note {
        /// Note of at most 4 KiB; empty to remove the ones that they have
        text: String,
        #[command(flatten)]
        selection: SelectionArgs,
    },
}

/// The licenses that are changed.
#[derive(Args)]
pub struct SelectionArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// The licenses with the keys in this file, one on each line; - for standard input
    #[arg(long, value_name = "FILE")]
    keys_from: Option<PathBuf>,
    /// Every license
    #[arg(long, conflicts_with = "keys_from")]
    all: bool,
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation. Without a terminal nothing is ever asked
    #[arg(long, short)]
    yes: bool,
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (change, args) = match command {
        Command::Renew { term, selection } => (BulkChange::Renew(term.renewal()?), selection),
        Command::Block { reason, selection } => {
            (BulkChange::Block { reason: notes::block_reason(reason, "the licenses are")? }, selection)
        }
        Command::Unblock { selection } => (BulkChange::Unblock, selection),
        Command::Move { to, selection } => {
            let product_id = open(data)?.try_read(|tx| reference::existing(tx, to))?.id;
            (BulkChange::Move { product_id }, selection)
        }
        Command::Release { identifier, oldest, selection, .. } => {
            (BulkChange::Release(seats(identifier.as_deref(), *oldest)?), selection)
        }
        Command::Note { text, selection } => {
            let note = notes::text("the note", Some(text), parse_note)?;
            (BulkChange::Note(NotesChange { note, ..NotesChange::default() }), selection)
        }
    };
    let selection = args.selection(data)?;
    let bulk = Bulk { data: data.clone(), store: open(data)?, change, is_dry: args.dry_run, now: now() };
    if !args.dry_run && !args.yes && io::stdin().is_terminal() {
        let licenses = number(bulk.count(&selection)?, "license is", "licenses are");
        confirm(&format!("{licenses} to be {}. Continue?", bulk.change.done()))?;
    }
    let totals = bulk.run(&selection)?;
    report(&bulk, &totals, matches!(selection, Selection::Query(_)), output)
}

impl SelectionArgs {
    fn selection(&self, data: &DataDir) -> Result<Selection> {
        let query = self.filter.query(data)?;
        let is_filtered = query != LicenseQuery::default();
        match &self.keys_from {
            Some(_) if is_filtered => Err("give --keys-from or a filter, not both".into()),
            Some(file) => Ok(Selection::Keys(read_keys(file)?)),
            None if !is_filtered && !self.all => {
                Err("no license is selected: give a filter, such as --product or \
                                                      --expiring, a list of keys with --keys-from, or --all"
                    .into())
            }
            None => Ok(Selection::Query(query)),
        }
    }
}

fn read_keys(file: &Path) -> Result<Vec<LicenseKey>> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| format!("can't read standard input: {error}"))?;
        text
    } else {
        fs::read_to_string(file).map_err(|error| {
            format!("can't read {}: {error}; give a file with a license key on each line", file.display())
        })?
    };
    let lines =
        (1..).zip(text.trim_start_matches('\u{feff}').lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line): (u32, &str)| {
            license_key(line.trim()).map_err(|error| format!("line {number}: {error}").into())
        })
        .collect()
}
