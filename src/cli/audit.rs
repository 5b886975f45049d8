//! `keyseal audit …`: the trail of changes, who made them, when and from where.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Output, Result, change, delete_in_slices, now, open};
use crate::domain::{AuditEntry, AuditFilter, Kept, LicenseKey, Timestamp};
use crate::files::DataDir;
use crate::maintenance::units::number;

#[derive(Subcommand)]
pub enum Command {
    /// List changes, oldest first
    ///
    /// Lists every change that a request or a command made. Reads, reports and refused requests are not recorded.
    #[command(after_help = "Example:\n  keyseal audit list --license 3a343c8a-38fe-4b6e-ad77-2222222")]
    List(ListArgs),
    /// Delete the entries that are older than a number of days
    ///
    /// A server deletes entries by itself: see --keep-audit-days and --keep-audit-size. The space in the database is
    /// reused.
    #[command(after_help = "Example:\n  keyseal audit prune --older-than 365")]
    Prune {
        /// Days to keep
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=36_500))]
        older_than: i64,
    },
}

#[derive(clap::Args)]
pub struct ListArgs {
    /// Only changes to this license, also a deleted one
    #[arg(long, value_name = "KEY")]
    license: Option<String>,
    /// Only changes made with this API key, by its id
    #[arg(long, value_name = "ID")]
    api_key: Option<i64>,
    /// Only changes at or after this time: YYYY-MM-DD HH:MM:SS in UTC, or a date
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    since: Option<Timestamp>,
    /// Only changes before this time
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    until: Option<Timestamp>,
    /// Only the latest N
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..))]
    limit: i64,
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::List(args) => list(args, data, output),
        Command::Prune { older_than } => prune(*older_than, data, output),
    }
}

fn list(args: &ListArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let mut filter = AuditFilter {
        license_key: args.license.as_deref().map(LicenseKey::parse).transpose()?,
        api_key_id: args.api_key,
        since: args.since,
        until: args.until,
        limit: args.limit,
    };
    let entries = open(data)?.try_read(|tx| {
        let entries = tx.audit_entries(&filter)?;
        let meant = filter.license_key.as_ref().and_then(LicenseKey::as_meant);
        if !entries.is_empty() || meant.is_none() {
            return Ok(entries);
        }
        filter.license_key = meant;
        tx.audit_entries(&filter)
    })?;
    if entries.is_empty() && !output.is_json() {
        let of = args.license.as_ref().map(|key| format!(" of license {key}")).unwrap_or_default();
        output.note(&format!("no entry{of} matches: see \"keyseal audit list\" without options"));
        return Ok(());
    }
    let rows: Vec<(Value, Vec<String>)> =
        entries.iter().map(|entry| (to_json(entry), cells(entry).to_vec())).collect();
    output.list(&["time (UTC)", "who", "from", "called", "what", "detail"], &rows)
}

/// Its time, who made it, from where, what was called, what was changed, and the detail.
pub(super) fn cells(entry: &AuditEntry) -> [String; 6] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    [
        entry.at.to_string(),
        who(entry),
        or_dash(&entry.address),
        entry.action.clone(),
        format!("{}{}", subject(entry).map_or_else(String::new, |subject| subject + " "), entry.change),
        or_dash(&entry.detail),
    ]
}

fn who(entry: &AuditEntry) -> String {
    let kind = entry.who_kind.replace('_', " ").replace("api", "API");
    match (entry.who_id, &entry.who_name) {
        (Some(id), Some(name)) => format!("{kind} {id} \"{name}\""),
        (Some(id), None) => format!("{kind} {id} (deleted)"),
        (None, _) => kind,
    }
}

fn subject(entry: &AuditEntry) -> Option<String> {
    let kind =
        entry.subject_kind.as_ref()?.replace('_', " ").replace("api", "API").replace("callback", "webhook");
    if entry.subject_kind.as_deref() == Some("signing_key") {
        return Some(match entry.subject_id {
            None => format!("global {kind}"),
            Some(product) => format!("{kind} of product {product}"),
        });
    }
    let name = match (&entry.license_key, entry.subject_id) {
        (Some(license_key), _) => license_key.clone(),
        (None, id) => id.map_or_else(String::new, |id| id.to_string()),
    };
    Some(format!("{kind} {name}"))
}

pub(super) fn to_json(entry: &AuditEntry) -> Value {
    json!({
        "id": entry.id, "at": entry.at.to_string(),
        "who": entry.who_kind, "who_id": entry.who_id, "who_name": entry.who_name, "address": entry.address,
        "action": entry.action, "change": entry.change,
        "subject": entry.subject_kind, "subject_id": entry.subject_id, "license_key": entry.license_key,
        "detail": entry.detail,
    })
}

fn prune(days: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let before = now().plus_days(-days);
    let store = open(data)?;
    let pruned = delete_in_slices(&store, Kept::Audit, before)?;
    let entries = number(pruned, "entry", "entries");
    let detail = format!("{entries} of the audit trail from before {before}");
    change(&store, move |tx| Ok(tx.end_audit_as_one("pruned", &detail)?))?;
    output.result(
        &json!({ "pruned": pruned, "before": before.to_string() }),
        &format!("{entries} from before {before} deleted"),
    )
}
