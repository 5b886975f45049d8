//! Writes the data that requests keep only in memory, after a while.

use std::sync::Arc;
use std::time::Duration;

use crate::serve::App;

/// The interval at which the last-used times of API keys are written.
const FLUSH_INTERVAL: Duration = Duration::from_mins(1);

/// The time from the first activity to the write: a crash loses what came in it, and in the write.
const ACTIVITY_DELAY: Duration = Duration::from_secs(1);

/// The time to the next attempt after a failed write: a full disk is not made busier.
const ACTIVITY_RETRY: Duration = Duration::from_secs(10);

/// Writes the last-used times, drops rate limits that have recovered, and logs the refusals of overload,
/// each minute.
pub async fn periodically(app: Arc<App>) {
    loop {
        tokio::time::sleep(FLUSH_INTERVAL).await;
        write_last_used(&app).await;
        app.load.tidy();
    }
}

/// Writes the activity a second after it began. Sleeps while there is none.
pub async fn write_activity_later(app: Arc<App>) {
    let mut has_failed = false;
    loop {
        app.activity.wait().await;
        tokio::time::sleep(if has_failed { ACTIVITY_RETRY } else { ACTIVITY_DELAY }).await;
        let written = app.activity.flush(&app.store).await;
        match &written {
            Ok(()) if has_failed => log::info!("refusals and usage are written again"),
            Err(error) if !has_failed => log::warn!("refusals and usage can't be written for now: {error}"),
            Ok(()) | Err(_) => {}
        }
        has_failed = written.is_err();
    }
}

/// Writes the last-used times of API keys that have changed since the last call.
pub async fn write_last_used(app: &App) {
    if let Err(error) = app.last_used.flush(&app.store).await {
        log::warn!("the last-used times of API keys were not written: {error}");
    }
}

/// Writes everything that is kept in memory: the server stops.
pub async fn write_all(app: &App) {
    write_last_used(app).await;
    if let Err(error) = app.activity.flush(&app.store).await {
        log::warn!("the last refusals and the usage were not written: {error}");
    }
}
