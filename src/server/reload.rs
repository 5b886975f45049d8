//! What a running server reads again: the global signing key at SIGHUP, the certificate at SIGHUP and when
//! its files change.

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

/// How often it is looked whether the certificate's files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How many looks there are in a day.
const LOOKS_A_DAY: u32 = 24 * 60 * 60 / 2;

/// Reloads whatever can be at each SIGHUP. What can't be read stays as it was; no request notices.
pub async fn on_hangup(app: Arc<App>, certificates: Option<Arc<Certificates>>, hangup: Option<Signal>) {
    let Some(mut hangup) = hangup else { return };
    while hangup.recv().await.is_some() {
        log::info!("SIGHUP: reloading");
        reload_global_key(&app).await;
        if let Some(certificates) = &certificates {
            certificates.reload(app.clock.now());
        }
    }
}

/// Has the key that signs among those that are published: the first one of a new directory, or one whose
/// activation was interrupted. Any other that the database doesn't name was refused when it was loaded.
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
        log::warn!("the dates of the global signing key were not written: {error}");
    }
}

/// Notes where commands see it which key signs: whoever forgets to send SIGHUP after a switch is told.
pub fn note_key(data: &DataDir, keyring: &Keyring) {
    let Some(key) = keyring.global() else { return };
    if let Err(error) = data.note_key_of_server(key.fingerprint()) {
        log::warn!("which key signs was not noted for \"keyseal doctor\": {error}");
    }
}

async fn reload_global_key(app: &App) {
    let published = app.store.try_read(|tx| tx.published_keys_of(None));
    let published = match published {
        Ok(published) => published,
        Err(error) => {
            log::error!("the global signing key was not reloaded, the one before still signs: {error}");
            return;
        }
    };
    let switched = match app.keyring.reload_global(&published) {
        Ok(Some(switched)) => switched,
        Ok(None) => {
            log::info!("the global signing key is the same as before");
            return;
        }
        Err(error) => {
            log::error!("the global signing key was not reloaded, the one before still signs: {error}");
            return;
        }
    };
    note_key(&app.config.data, &app.keyring);
    let current = switched.now;
    log::info!("the global signing key {} signs now, after {}", current.fingerprint().0, switched.before.0);
    let now = app.clock.now();
    let written = app.store.change(move |tx| {
        let public = current.public();
        tx.set_current_key(None, public.fingerprint(), public.pem(), now)?;
        tx.set_switch_time(&switched.before, public.fingerprint(), now)
    });
    if let Err(error) = written.await {
        log::warn!("the time of the switch was not written, what is published says another: {error}");
    }
}

/// Comes back at the first SIGHUP; never, if nobody is to know of it.
pub async fn next_hangup(hangup: Option<Signal>) {
    match hangup {
        Some(mut hangup) => {
            hangup.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Watches the certificate's files, and warns each day that it is about to expire.
pub async fn watch(certificates: Arc<Certificates>, app: Arc<App>) {
    loop {
        certificates.warn_of_end(app.clock.now());
        for _ in 0..LOOKS_A_DAY {
            tokio::time::sleep(LOOK_EVERY).await;
            if certificates.are_due() {
                certificates.reload(app.clock.now());
            }
        }
    }
}
