//! What the service manager hears by systemd's protocol: ready, alive, stopping. Where none listens, nothing happens.
//!
//! Who listens, and how often it wants to hear, is said in the environment by `NOTIFY_SOCKET` and
//! `WATCHDOG_USEC`: no settings of ours.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::serve::App;
use crate::store::{Decision, Error};

/// How long to wait before trying again to find a place in the writer's queue.
const PAUSE: Duration = Duration::from_millis(20);

/// How long an upgrade of the database may delay the start: an hour. The manager's own limit is 90 seconds.
const UPGRADE_MICROSECONDS: u32 = 3_600_000_000;

/// The start takes longer, because the database is upgraded.
pub fn extend_start() {
    tell(&NotifyState::ExtendTimeoutUsec(UPGRADE_MICROSECONDS));
}

/// The server accepts connections.
pub fn ready() {
    tell(&NotifyState::Ready);
}

/// The server was told to stop, and finishes what is in flight.
pub fn stopping() {
    tell(&NotifyState::Stopping);
}

/// Says three times within the manager's limit that the server is alive, for as long as it is: the loop that
/// runs this turns, and the writer answers. A server that hangs is silent, and started anew.
pub async fn stay_alive(app: Arc<App>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let third = limit / 3;
    loop {
        match tokio::time::timeout(third, writer_answers(&app)).await {
            Ok(true) => tell(&NotifyState::Watchdog),
            Ok(false) => {
                log::error!("the writer has ended: the service manager is not told that all is well");
            }
            Err(_) => log::error!(
                "the writer gave no answer in {third:?}: the service manager is not told that all is well"
            ),
        }
        tokio::time::sleep(third).await;
    }
}

/// Waits for the writer to answer a job that changes nothing. A database that another process keeps locked is
/// an answer too: a new start would not open it.
async fn writer_answers(app: &App) -> bool {
    loop {
        match app.store.write(|_| Decision::Rollback(())).await {
            Err(Error::Busy) => tokio::time::sleep(PAUSE).await,
            Err(Error::Panicked) => return false,
            Ok(()) | Err(_) => return true,
        }
    }
}

fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        log::warn!("the service manager could not be told {state:?}: {error}");
    }
}
