//! Upgrades the database of an earlier version before the server opens it, and logs what it does.

use super::systemd;
use crate::files::{DataDir, ServerLock};
use crate::store::{self, UpgradeError, UpgradeEvent};

/// Upgrades the database if it has an older schema.
pub fn upgrade(data: &DataDir, lock: &ServerLock) -> Result<(), UpgradeError> {
    store::upgrade(data, lock, &mut |event| log(data, &event)).map(drop)
}

fn log(data: &DataDir, event: &UpgradeEvent<'_>) {
    match event {
        UpgradeEvent::Begins { from, to } => {
            systemd::extend_start();
            log::info!("upgrading {} from schema {from} to {to}", data.database().display());
        }
        UpgradeEvent::Copying { .. } => {}
        UpgradeEvent::Copied { to, took } => {
            log::info!("copied the database from before the upgrade to {} in {took:.1?}", to.display());
        }
        UpgradeEvent::StepBegins { step } => log::info!("step {step} begins"),
        UpgradeEvent::StepDone { step, took } => log::info!("step {step} took {took:.1?}"),
    }
}
