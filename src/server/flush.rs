//! Periodically writes the data that requests keep only in memory.

use std::sync::Arc;
use std::time::Duration;

use crate::serve::App;

/// The interval at which the last-used times of API keys are written.
const FLUSH_INTERVAL: Duration = Duration::from_mins(1);

/// Writes the last-used times, drops rate limits that have recovered, and logs the refusals of overload,
/// each minute.
pub async fn periodically(app: Arc<App>) {
    loop {
        tokio::time::sleep(FLUSH_INTERVAL).await;
        write_last_used(&app).await;
        app.load.tidy();
    }
}

/// Writes the last-used times of API keys that have changed since the last call.
pub async fn write_last_used(app: &App) {
    if let Err(error) = app.last_used.flush(&app.store).await {
        log::warn!("the last-used times of API keys were not written: {error}");
    }
}
