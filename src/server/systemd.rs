//! Notifies the service manager by systemd's protocol: ready, alive, stopping. Does nothing without one.
//!
//! The service manager sets `NOTIFY_SOCKET` and `WATCHDOG_USEC` in the environment; they are not settings of
//! Keyseal.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::serve::App;
use crate::store::{Decision, Error};

/// The pause before the next try when the writer's queue is full.
const PAUSE: Duration = Duration::from_millis(20);

/// The time by which an upgrade of the database may delay the start: an hour. systemd's default limit is 90 seconds.
const UPGRADE_MICROSECONDS: u32 = 3_600_000_000;

/// Asks for more time to start, because the database is being upgraded.
pub fn extend_start() {
    tell(&NotifyState::ExtendTimeoutUsec(UPGRADE_MICROSECONDS));
}

/// Reports that the server accepts connections.
pub fn ready() {
    tell(&NotifyState::Ready);
}

/// Reports that the server is stopping, and finishes the requests in flight.
pub fn stopping() {
    tell(&NotifyState::Stopping);
}

/// Sends the watchdog signal three times within the service manager's limit, as long as this event loop runs
/// and the writer thread answers. The service manager restarts a server that stops sending it.
pub async fn stay_alive(app: Arc<App>) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let third = limit / 3;
    loop {
        match tokio::time::timeout(third, writer_answers(&app)).await {
            Ok(true) => tell(&NotifyState::Watchdog),
            Ok(false) => {
                log::error!(
                    "the writer thread has ended: no watchdog signal is sent, so the service manager will restart the \
                     server"
                );
            }
            Err(_) => {
                log::error!("the writer thread did not answer within {third:?}: no watchdog signal is sent");
            }
        }
        tokio::time::sleep(third).await;
    }
}

/// Waits for the writer thread to run a job that changes nothing. An error counts as an answer: a database
/// that another process keeps locked would not open after a restart either.
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
        log::warn!("can't notify the service manager ({state:?}): {error}");
    }
}
