//! `keyseal callback …`: webhooks, the messages to other servers.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{Output, Result, change, now, open};
use crate::domain::{Callback, CallbackState, Target};
use crate::files::DataDir;

#[derive(Subcommand)]
pub enum Command {
    /// List webhooks: results of queued assignments, and notices of activations that ended
    #[command(after_help = "Example:\n  keyseal callback list --state failed")]
    List {
        /// Only webhooks in this state
        #[arg(long)]
        state: Option<State>,
    },
    /// Send a webhook again, with the same body, whatever its state. A running server does it within a minute
    #[command(after_help = "Example:\n  keyseal callback retry 7")]
    Retry {
        /// Id in "keyseal callback list"
        id: i64,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum State {
    Pending,
    Delivered,
    Failed,
}

impl From<State> for CallbackState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Delivered => Self::Delivered,
            State::Failed => Self::Failed,
        }
    }
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::List { state } => list(state.map(CallbackState::from), data, output),
        Command::Retry { id } => retry(*id, data, output),
    }
}

fn list(state: Option<CallbackState>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let callbacks = open(data)?.try_read(|tx| tx.callbacks(state))?;
    let rows: Vec<(Value, Vec<String>)> = callbacks.iter().map(row).collect();
    output.list(&["id", "kind", "state", "attempts", "next attempt", "url", "last error"], &rows)
}

fn row(callback: &Callback) -> (Value, Vec<String>) {
    let pending = callback.state == CallbackState::Pending;
    let next_attempt = pending.then(|| callback.next_attempt.to_string());
    let value = json!({
        "id": callback.id, "kind": callback.kind.as_str(), "state": callback.state.as_str(),
        "attempts": callback.attempts, "next_attempt": next_attempt, "url": callback.url,
        "last_error": callback.last_error, "created_at": callback.created_at.to_string(),
        "updated_at": callback.updated_at.to_string(),
    });
    let cells = vec![
        callback.id.to_string(),
        callback.kind.as_str().to_owned(),
        callback.state.as_str().to_owned(),
        callback.attempts.to_string(),
        next_attempt.unwrap_or_default(),
        callback.url.escape_debug().to_string(),
        callback.last_error.clone().unwrap_or_default(),
    ];
    (value, cells)
}

fn retry(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let url = change(&open(data)?, move |tx| {
        let url = tx
            .callback_url(id)?
            .ok_or_else(|| format!("there is no webhook {id}: see \"keyseal callback list\""))?;
        Target::of_url(&url).map_err(|bad| format!("webhook {id} can't be sent: {bad}"))?;
        tx.retry_callback(id, now())?;
        Ok(url)
    })?;
    let text = format!("webhook {id} will be sent again to {}", url.escape_debug());
    output.result(&json!({ "id": id, "state": "pending" }), &text)
}
