//! Keeps the index of the audit trail by license: adds complete runs of entries to it, one in a transaction, so that no
//! request waits for more.

use std::sync::Arc;
use std::time::Duration;

use crate::serve::App;
use crate::store;

/// How often the server looks for complete runs.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long requests have the writer to themselves between two runs.
const PAUSE: Duration = Duration::from_millis(50);

/// Indexes complete runs, now and every five seconds.
pub async fn periodically(app: Arc<App>) {
    loop {
        if let Err(error) = catch_up(&app).await {
            log::warn!("the audit trail was not indexed: {error}");
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn catch_up(app: &App) -> Result<(), store::Error> {
    while app.store.try_read(|tx| tx.has_audit_run())? {
        app.store.change(|tx| tx.index_audit_run()).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
