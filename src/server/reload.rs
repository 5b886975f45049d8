//! Reloads the global signing key at SIGHUP, and the TLS certificate at SIGHUP and when its files change.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;

use super::tls::Certificates;
use crate::clock::now;
use crate::domain::{KeyState, PublishedKey};
use crate::files::DataDir;
use crate::serve::App;
use crate::signing::Keyring;
use crate::store::Store;

/// The interval at which the certificate's files are checked for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The number of checks in a day.
const CHECKS_PER_DAY: u32 = 24 * 60 * 60 / 2;

/// Reloads the key and the certificate at each SIGHUP. If one can't be read, the previous one stays in use. Requests
/// are not interrupted.
pub async fn on_hangup(app: Arc<App>, certificates: Option<Arc<Certificates>>, hangup: Option<Signal>) {
    let Some(mut hangup) = hangup else { return };
    while hangup.recv().await.is_some() {
        log::info!("SIGHUP: reloading");
        reload_global_key(&app).await;
        if let Some(certificates) = &certificates {
            reload(certificates, &app).await;
        }
    }
}

/// Publishes the global key if the database doesn't name it as the current one: in a new data directory, or
/// after an interrupted rotation. Any other key that the database doesn't name was refused when it was loaded.
pub fn publish_global_key(store: &Store, keyring: &Keyring) {
    let Some(key) = keyring.global() else { return };
    let published = store.try_read(|tx| tx.published_keys_of(None));
    let is_current = |key: &PublishedKey| key.state == KeyState::Current;
    let written = published.and_then(|published| {
        if published.iter().any(|known| is_current(known) && known.fingerprint == *key.fingerprint()) {
            return Ok(());
        }
        store
            .change_blocking(move |tx| tx.set_current_key(None, key.fingerprint(), key.public().pem(), now()))
    });
    if let Err(error) = written {
        log::warn!("the global signing key was not recorded as the current one: {error}");
    }
}

/// Records which key this server signs with, for commands of other processes: `keyseal doctor` reports a
/// server that was not sent SIGHUP after a rotation.
pub fn note_key(data: &DataDir, keyring: &Keyring) {
    let Some(key) = keyring.global() else { return };
    if let Err(error) = data.note_key_of_server(key.fingerprint()) {
        log::warn!("the signing key in use was not recorded for \"keyseal doctor\": {error}");
    }
}

async fn reload_global_key(app: &Arc<App>) {
    let published = app.store.try_read(|tx| tx.published_keys_of(None));
    let published = match published {
        Ok(published) => published,
        Err(error) => {
            log::error!("the global signing key was not reloaded, the previous one still signs: {error}");
            return;
        }
    };
    let server = Arc::clone(app);
    let Some(switched) = off_thread(move || server.keyring.reload_global(&published)).await else { return };
    let switched = match switched {
        Ok(Some(switched)) => switched,
        Ok(None) => {
            log::info!("the global signing key is the same as before");
            return;
        }
        Err(error) => {
            log::error!("the global signing key was not reloaded, the previous one still signs: {error}");
            return;
        }
    };
    note_key(&app.config.data, &app.keyring);
    let current = switched.now;
    log::info!("the global signing key is now {}, and was {}", current.fingerprint().0, switched.before.0);
    let now = app.clock.now();
    let written = app.store.change(move |tx| {
        let public = current.public();
        tx.set_current_key(None, public.fingerprint(), public.pem(), now)?;
        tx.set_switch_time(&switched.before, public.fingerprint(), now)
    });
    if let Err(error) = written.await {
        log::warn!("the time of the key rotation was not written, so the published times are wrong: {error}");
    }
}

/// Reloads the certificate when its files change, and checks its expiry date each day.
pub async fn watch(certificates: Arc<Certificates>, app: Arc<App>) {
    loop {
        certificates.warn_if_expiring(app.clock.now());
        for _ in 0..CHECKS_PER_DAY {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let checked = Arc::clone(&certificates);
            if off_thread(move || checked.needs_reload()).await == Some(true) {
                reload(&certificates, &app).await;
            }
        }
    }
}

async fn reload(certificates: &Arc<Certificates>, app: &App) {
    let (certificates, now) = (Arc::clone(certificates), app.clock.now());
    off_thread(move || certificates.reload(now)).await;
}

/// Runs a job that reads files on the blocking pool: this thread also waits for the signals, and a file system can
/// hang. `None`: the job panicked.
async fn off_thread<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(job).await;
    done.inspect_err(|error| log::error!("a reload failed: {error}")).ok()
}
