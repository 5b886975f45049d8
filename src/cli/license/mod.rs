//! `keyseal license …`: licenses, their owners, and the identifiers they are active on.

mod activation;
mod assign;
mod blocking;
mod bulk;
mod change;
mod create;
pub mod csv;
mod explain;
mod export;
pub mod filter;
mod generate;
mod import;
mod list;
mod notes;
mod parse;
mod refusal;
mod release;
mod renew;
mod search;
mod show;
mod status;
mod timeline;
mod transfer;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::{Output, Result, with_members};
use crate::domain::{License, LicenseKey, Timestamp};
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::operations::nearest_keys;
use crate::store::Tx;
pub(super) use parse::owner;
use parse::{identifier, license_key, new_license_key, new_owner};
use refusal::refusal;
use status::Status;

#[derive(Subcommand)]
pub enum Command {
    /// Create a license
    #[command(
        after_help = "Example:\n  keyseal license create --product 1 --activation-limit 3 --validity 365"
    )]
    Create(create::CreateArgs),
    Generate(Box<generate::Args>),
    List(list::Args),
    Search(search::Args),
    Show(show::Args),
    /// Assign an available or reserved license to an owner, from now on
    #[command(
        after_help = "Example:\n  keyseal license assign 3a343c8a-38fe-4b6e-ad77-2222222 --owner-email zoe@shop.example"
    )]
    Assign {
        /// License key
        key: String,
        /// Owner's name
        #[arg(long, value_name = "NAME")]
        owner_name: Option<String>,
        /// Owner's email address
        #[arg(long, value_name = "EMAIL")]
        owner_email: Option<String>,
    },
    /// Activate a license for an identifier, within its activation limit
    #[command(
        after_help = "Example:\n  keyseal license activate 3a343c8a-38fe-4b6e-ad77-2222222 --identifier shop.example"
    )]
    Activate {
        /// License key
        key: String,
        /// Identifier to activate: a domain, a device, any name
        #[arg(long)]
        identifier: String,
    },
    /// Deactivate a license for an identifier
    #[command(
        after_help = "Example:\n  keyseal license deactivate 3a343c8a-38fe-4b6e-ad77-2222222 --identifier shop.example"
    )]
    Deactivate {
        /// License key
        key: String,
        /// Identifier to deactivate
        #[arg(long)]
        identifier: String,
    },
    Release(release::Args),
    Renew(renew::Args),
    Block(blocking::BlockArgs),
    Unblock(blocking::UnblockArgs),
    Move(transfer::MoveArgs),
    Reassign(transfer::ReassignArgs),
    Note(notes::Args),
    /// Change a license. Only the given options change
    #[command(
        after_help = "Example:\n  keyseal license update 3a343c8a-38fe-4b6e-ad77-2222222 --validity 730"
    )]
    Update(change::UpdateArgs),
    Explain(explain::ExplainArgs),
    /// Delete a license with its activations and its metadata
    #[command(after_help = "Example:\n  keyseal license delete 3a343c8a-38fe-4b6e-ad77-2222222")]
    Delete(change::DeleteArgs),
    /// Make one change to many licenses: renew, block, unblock, move, release, note
    ///
    /// The licenses are those that a filter finds, as "keyseal license list" has it, or those with the keys in a file.
    /// They are changed in slices, so that requests don't wait. What was changed when a command is interrupted stays
    /// changed. Try it with --dry-run, which makes all changes and rolls them back.
    #[command(
        subcommand,
        after_help = "Example:\n  keyseal license bulk renew --years 1 --expiring 30 --dry-run"
    )]
    Bulk(bulk::Command),
    Import(import::Args),
    /// Export licenses to a CSV file that can be imported again
    ///
    /// A text that begins with = + - or @ is written as it is. Many spreadsheets run such a cell as a formula: for
    /// them, use --for-excel.
    #[command(after_help = "Example:\n  keyseal license export licenses.csv --product 1")]
    Export(export::Args),
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Create(args) => create::create(args, data, output),
        Command::Generate(args) => generate::run(args, data, output),
        Command::List(args) => list::run(args, data, output),
        Command::Search(args) => search::run(args, data, output),
        Command::Show(args) => show::run(args, data, output),
        Command::Assign { key, owner_name, owner_email } => {
            assign::assign(key, owner_name.as_deref(), owner_email.as_deref(), data, output)
        }
        Command::Activate { key, identifier } => activation::activate(key, identifier, data, output),
        Command::Deactivate { key, identifier } => activation::deactivate(key, identifier, data, output),
        Command::Release(args) => release::run(args, data, output),
        Command::Renew(args) => renew::run(args, data, output),
        Command::Block(args) => blocking::block(args, data, output),
        Command::Unblock(args) => blocking::unblock(args, data, output),
        Command::Move(args) => transfer::run_move(args, data, output),
        Command::Reassign(args) => transfer::reassign(args, data, output),
        Command::Note(args) => notes::run(args, data, output),
        Command::Update(args) => change::update(args, data, output),
        Command::Explain(args) => explain::explain(args, data, output),
        Command::Delete(args) => change::delete(args, data, output),
        Command::Bulk(command) => bulk::run(command, data, output),
        Command::Import(args) => import::run(args, data, output),
        Command::Export(args) => export::run(args, data, output),
    }
}

/// The heading of a list of licenses.
pub(super) const HEADING: [&str; 7] = ["id", "product", "license key", "status", "limit", "expires", "owner"];

/// A license in a list.
pub(super) fn cells(license: &License) -> Vec<String> {
    vec![
        license.id.to_string(),
        license.product_id.to_string(),
        license.license_key.clone(),
        license.status.as_str().to_owned(),
        license.activation_limit.to_string(),
        expiry_in_short(license),
        license.owner_email.clone().unwrap_or_default(),
    ]
}

/// The license with this key. The error for an unknown key names the keys that are most like it.
pub(super) fn existing(tx: &Tx<'_>, key: &LicenseKey) -> Result<License> {
    if let Some(license) = tx.license_by_key(key)? {
        return Ok(license);
    }
    let next = did_you_mean(&nearest_keys(tx, key)?);
    let next = next.unwrap_or_else(|| "see \"keyseal license list\"".to_owned());
    Err(format!("license key \"{key}\" not found: {next}").into())
}

/// The question for the key that was meant, if any is like the one that was typed.
fn did_you_mean(keys: &[String]) -> Option<String> {
    let quoted: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    match quoted.as_slice() {
        [] => None,
        [only] => Some(format!("did you mean {only}?")),
        several => Some(format!("did you mean one of {}?", several.join(", "))),
    }
}

pub(super) fn to_json(license: &License) -> Value {
    json!({
        "id": license.id, "license_key": license.license_key, "product_id": license.product_id,
        "status": license.status.as_str(), "activation_limit": license.activation_limit,
        "validity": license.validity, "assigned_at": license.assigned_at.map(|moment| moment.to_string()),
        "expires_at": license.expires_at().map(|moment| moment.to_string()),
        "owner_name": license.owner_name, "owner_email": license.owner_email,
    })
}

/// The license with more members.
pub(super) fn to_json_with<const N: usize>(license: &License, more: [(&str, Value); N]) -> Value {
    with_members(to_json(license), more)
}

enum Expiry {
    Never,
    At(Timestamp),
    /// The license is not assigned yet. It expires so long after the assignment, such as "30 days".
    AfterAssignment(String),
}

/// The expiry in a few words, such as in a cell of a list.
fn expiry_in_short(license: &License) -> String {
    match expiry(license) {
        Expiry::Never => "never".to_owned(),
        Expiry::At(end) => end.to_string(),
        Expiry::AfterAssignment(days) => format!("{days} from assignment"),
    }
}

fn expiry(license: &License) -> Expiry {
    match (license.expires_at(), license.validity) {
        (Some(end), _) => Expiry::At(end),
        (None, days @ 1..) => Expiry::AfterAssignment(number(days, "day", "days")),
        (None, _) => Expiry::Never,
    }
}

/// The license in one line, below its key.
pub(super) fn summary(license: &License) -> String {
    let limit = match license.activation_limit {
        0 => "no activation limit".to_owned(),
        limit => format!("at most {}", number(limit, "identifier", "identifiers")),
    };
    let end = match expiry(license) {
        Expiry::Never => "no expiry".to_owned(),
        Expiry::At(end) => format!("expires {end}"),
        Expiry::AfterAssignment(days) => format!("expires {days} after its assignment"),
    };
    format!("id {}, product {}, {}, {limit}, {end}", license.id, license.product_id, license.status.as_str())
}
