//! `keyseal telemetry …`: the reports that products send about their use.

use clap::Subcommand;
use serde_json::json;

use super::{Output, Result, change, delete_in_slices, now, open};
use crate::domain::Kept;
use crate::files::DataDir;
use crate::maintenance::units::number;

#[derive(Subcommand)]
pub enum Command {
    /// Delete the reports that are older than a number of days
    ///
    /// A server deletes reports by itself: see --keep-telemetry-days and --keep-telemetry-size. The space in the
    /// database is reused.
    #[command(after_help = "Example:\n  keyseal telemetry prune --older-than 90")]
    Prune {
        /// Days to keep
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=36_500))]
        older_than: i64,
    },
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Prune { older_than } => prune(*older_than, data, output),
    }
}

fn prune(days: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let before = now().plus_days(-days);
    let store = open(data)?;
    let pruned = delete_in_slices(&store, Kept::Telemetry, before)?;
    let text = format!("{} from before {before} deleted", number(pruned, "report", "reports"));
    let detail = format!("telemetry: {text}");
    change(&store, move |tx| Ok(tx.end_audit_as_one("pruned", &detail)?))?;
    output.result(&json!({ "pruned": pruned, "before": before.to_string() }), &text)
}
