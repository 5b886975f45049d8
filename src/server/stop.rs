//! Stops the server: the signals that ask for it, the requests that are still served, and the database.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::systemd;
use crate::config::OnHangup;
use crate::serve::App;

/// The time for which a stopping server still answers requests, ending each connection with its next answer. When it
/// stops, actix closes every connection that is between two requests, even if the next one has arrived but has not
/// been read.
const GRACE_PERIOD: Duration = Duration::from_millis(250);

/// The number of times, and the interval, at which [`close`] checks whether the other threads have released the
/// database: one second in all.
const CLOSE_TRIES: u32 = 200;
const CLOSE_PAUSE: Duration = Duration::from_millis(5);

/// Whether the server has begun to stop, shared with its workers.
#[derive(Clone, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The signals that the server handles.
pub struct Signals {
    pub stop: StopSignals,
    /// SIGHUP, unless it stops the server.
    pub reload: Option<Signal>,
}

pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// Registers the handlers. A signal that arrives before anyone waits for it is not lost.
    pub fn register(on_hangup: OnHangup) -> io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let hangup = signal(SignalKind::hangup())?;
        let (reload, hangup) = match on_hangup {
            OnHangup::Reload => (Some(hangup), None),
            OnHangup::Stop => (None, Some(hangup)),
        };
        Ok(Self { stop: StopSignals { terminate, interrupt, hangup }, reload })
    }
}

/// Waits for SIGTERM or Ctrl-C, then stops accepting and finishes the requests in flight. (actix's own signal
/// handling drops them on Ctrl-C.)
pub async fn on_signal(mut signals: StopSignals, handle: ServerHandle, stopping: Stopping) {
    tokio::select! {
        _ = signals.terminate.recv() => {}
        _ = signals.interrupt.recv() => {}
        () = next_hangup(signals.hangup) => {}
    }
    log::info!("stopping: finishing the requests in flight");
    systemd::stopping();
    stopping.0.store(true, Ordering::Relaxed);
    tokio::time::sleep(GRACE_PERIOD).await;
    handle.stop(true).await;
}

/// Returns at the next SIGHUP; never without a signal to wait for.
async fn next_hangup(hangup: Option<Signal>) {
    match hangup {
        Some(mut hangup) => {
            hangup.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Drops the last reference to the app, which checkpoints and closes the database, before the process ends:
/// worker threads may release theirs a moment after the server has stopped.
pub fn close(app: Arc<App>) {
    for _ in 0..CLOSE_TRIES {
        if Arc::strong_count(&app) == 1 {
            break;
        }
        thread::sleep(CLOSE_PAUSE);
    }
    drop(app);
}
