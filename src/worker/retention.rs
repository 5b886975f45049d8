//! Deletes what is older, or more, than the settings keep: telemetry, the audit trail, refusals, usage, webhooks and
//! answers, the oldest first, in slices so small that no request waits for one.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Kept, Retention, Timestamp};
use crate::serve::App;
use crate::store;

/// How often the ages and sizes are looked at.
const INTERVAL: Duration = Duration::from_mins(1);

/// How many rows are deleted in one transaction.
const SLICE: i64 = 200;

/// How long requests have the writer to themselves between two slices.
const PAUSE: Duration = Duration::from_millis(20);

/// Deletes what the settings don't keep, now and each minute.
pub async fn periodically(app: Arc<App>) {
    loop {
        for kept in Kept::ALL {
            match enforce(&app, kept).await {
                Ok(0) => {}
                Ok(deleted) => log::info!("deleted {deleted} {}, which are no longer kept", kept.noun()),
                Err(error) => log::warn!("old {} were not deleted: {error}", kept.noun()),
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn enforce(app: &Arc<App>, kept: Kept) -> Result<usize, store::Error> {
    let (storage, activity) = (&app.config.storage, &app.config.activity);
    let Retention { days, bytes, rows } = match kept {
        Kept::Telemetry => storage.keep_telemetry,
        Kept::Audit => storage.keep_audit,
        Kept::Refusals => activity.keep_refusals,
        Kept::Usage => activity.keep_usage,
        Kept::Webhooks => storage.keep_webhooks,
        Kept::Answers => storage.keep_answers,
    };
    let mut deleted = 0;
    if let Some(days) = days {
        let oldest = app.clock.now().plus_days(i64::from(days).saturating_neg());
        while let slice @ 1.. = delete(app, kept, oldest).await? {
            deleted += slice;
        }
    }
    if let Some(bytes) = bytes {
        while size(app, kept).await? > bytes
            && let slice @ 1.. = delete(app, kept, Timestamp(i64::MAX)).await?
        {
            deleted += slice;
        }
    }
    if let Some(rows) = rows {
        deleted += trim_refusals(app, rows).await?;
    }
    Ok(deleted)
}

/// Of the tables that are kept, the journal of refusals alone has a number of rows.
async fn trim_refusals(app: &App, most: u32) -> Result<usize, store::Error> {
    let mut trimmed = 0;
    while app.store.try_read(|tx| tx.count_refusals())? > i64::from(most) {
        trimmed += app.store.change(move |tx| tx.trim_refusals(most, SLICE)).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(trimmed)
}

async fn delete(app: &App, kept: Kept, before: Timestamp) -> Result<usize, store::Error> {
    // Looked at first, because a write job that changes nothing still makes the writer checkpoint.
    if !app.store.try_read(|tx| tx.has_older(kept, before, SLICE))? {
        return Ok(0);
    }
    let deleted = app.store.change(move |tx| tx.delete_oldest(kept, before, SLICE)).await?;
    tokio::time::sleep(PAUSE).await;
    Ok(deleted)
}

/// In bytes, about. Read on the blocking pool: the disk may be slow.
async fn size(app: &Arc<App>, kept: Kept) -> Result<u64, store::Error> {
    let server = Arc::clone(app);
    let read = tokio::task::spawn_blocking(move || server.store.try_read(|tx| tx.kept_bytes(kept))).await;
    read.map_or(Err(store::Error::Panicked), |size| Ok(u64::try_from(size?).unwrap_or(0)))
}
