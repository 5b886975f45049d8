//! `keyseal upgrade`: upgrades the database of an earlier version, without serving it.

use std::time::Instant;

use serde_json::json;

use super::terminal::progress::TerminalProgress;
use super::{Output, Result};
use crate::files::DataDir;
use crate::maintenance::Progress as _;
use crate::maintenance::shell::command;
use crate::maintenance::units::megabytes;
use crate::store::{SCHEMA_VERSION, Upgrade, UpgradeEvent, needs_upgrade, upgrade};

pub fn run(data: &DataDir, output: &mut Output<'_>) -> Result {
    // Checked before taking the lock, which a running server holds.
    if !needs_upgrade(data)? {
        return report_current(data, output);
    }
    let started = Instant::now();
    let lock = data.lock()?;
    let progress = TerminalProgress::new()?;
    progress.begin("copying", Some(0));
    let done = upgrade(data, &lock, &mut |event| match event {
        UpgradeEvent::Copying { done, all } => progress.set(done, all),
        UpgradeEvent::StepBegins { step } => progress.begin(step, None),
        UpgradeEvent::Begins { .. } | UpgradeEvent::Copied { .. } | UpgradeEvent::StepDone { .. } => {}
    })?;
    progress.end();
    match done {
        Some(done) => report(&done, started.elapsed().as_secs_f64(), data, output),
        None => report_current(data, output),
    }
}

fn report_current(data: &DataDir, output: &mut Output<'_>) -> Result {
    let value = json!({
        "database": data.database().display().to_string(), "from": SCHEMA_VERSION, "to": SCHEMA_VERSION,
        "steps": [], "copy": null, "seconds": 0.0,
    });
    let text = format!("already current: {} has schema {SCHEMA_VERSION}", data.database().display());
    output.result(&value, &text)
}

fn report(done: &Upgrade, seconds: f64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let Upgrade { from, to, copy, steps } = done;
    let (database, copy) = (data.database().display().to_string(), copy.display().to_string());
    let steps: Vec<_> = steps.iter().map(|(step, took)| (step, took.as_secs_f64())).collect();
    let lines: Vec<String> =
        steps.iter().map(|(step, seconds)| format!("  {step}  {seconds:.2} s\n")).collect();
    let size = std::fs::metadata(&copy).map_or(0, |copy| copy.len());
    let text = format!(
        "upgraded {database} from schema {from} to {to} in {seconds:.2} s\n{}\
         copy from before: {copy} ({}); remove it when you no longer need it\nnext: {}",
        lines.concat(),
        megabytes(size),
        command("serve", data),
    );
    let steps: Vec<_> =
        steps.into_iter().map(|(step, seconds)| json!({ "step": step, "seconds": seconds })).collect();
    let value = json!({
        "database": database, "from": from, "to": to, "steps": steps, "copy": copy, "seconds": seconds,
    });
    output.result(&value, &text)
}
