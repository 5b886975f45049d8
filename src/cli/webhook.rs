//! `keyseal webhook …`: the messages to other servers. `callback` is its former name, which scripts may use.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::product::reference::existing;
use super::{Output, Result, change, now, open, with_members};
use crate::config::{Config, ServeArgs};
use crate::domain::{Callback, CallbackState, Target};
use crate::files::DataDir;
use crate::signing::Keyring;
use crate::worker::test_message;

#[derive(Subcommand)]
pub enum Command {
    /// List webhooks: results of queued assignments, and notices of activations that ended
    #[command(after_help = "Example:\n  keyseal webhook list --state failed")]
    List {
        /// Only webhooks in this state
        #[arg(long)]
        state: Option<State>,
    },
    /// Show a webhook with its message
    #[command(after_help = "Example:\n  keyseal webhook show 7")]
    Show {
        /// Id in "keyseal webhook list"
        id: i64,
    },
    /// Send a signed test message to a URL now, and print the HTTP status and the time that it took
    ///
    /// The message is that of an activation that ended, with a license key that begins with WEBHOOK-TEST- and does not
    /// exist. It is sent once, from this machine, by the rules for all webhooks. Ends with 1 unless the answer is 2xx.
    #[command(
        mut_args(show_own),
        after_help = "Example:\n  keyseal webhook test https://shop.example/keyseal"
    )]
    Test(Box<TestArgs>),
    /// Send a webhook again, with the same body, whatever its state. A running server does it within a minute
    #[command(after_help = "Example:\n  keyseal webhook retry 7")]
    Retry {
        /// Id in "keyseal webhook list"
        id: i64,
    },
}

#[derive(clap::Args)]
pub struct TestArgs {
    /// URL to post to
    url: String,
    /// Product whose key signs, if it has one of its own: its id, UUID, slug or name [default: the global key]
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    #[command(flatten)]
    serve: ServeArgs,
}

/// Hides the flags of "serve" in the help, but for those that count here. All are accepted.
fn show_own(arg: clap::Arg) -> clap::Arg {
    let counts = ["allow-private-targets", "unsigned"];
    let hidden = arg.get_env().is_some()
        && !arg.is_global_set()
        && !arg.get_long().is_some_and(|long| counts.contains(&long));
    arg.hide(hidden)
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
        Command::Show { id } => show(*id, data, output),
        Command::Test(args) => test(args, data, output),
        Command::Retry { id } => retry(*id, data, output),
    }
}

fn list(state: Option<CallbackState>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let callbacks = open(data)?.try_read(|tx| tx.callbacks(state))?;
    let rows: Vec<(Value, Vec<String>)> = callbacks.iter().map(row).collect();
    output.list(&["id", "kind", "state", "attempts", "next attempt", "url", "last error"], &rows)
}

fn row(callback: &Callback) -> (Value, Vec<String>) {
    let cells = vec![
        callback.id.to_string(),
        callback.kind.as_str().to_owned(),
        callback.state.as_str().to_owned(),
        callback.attempts.to_string(),
        next_attempt(callback).unwrap_or_default(),
        callback.url.escape_debug().to_string(),
        callback.last_error.clone().unwrap_or_default(),
    ];
    (to_json(callback), cells)
}

/// The earliest time of the next attempt, if there is one.
fn next_attempt(callback: &Callback) -> Option<String> {
    (callback.state == CallbackState::Pending).then(|| callback.next_attempt.to_string())
}

fn to_json(callback: &Callback) -> Value {
    json!({
        "id": callback.id, "kind": callback.kind.as_str(), "state": callback.state.as_str(),
        "attempts": callback.attempts, "next_attempt": next_attempt(callback), "url": callback.url,
        "last_error": callback.last_error, "created_at": callback.created_at.to_string(),
        "updated_at": callback.updated_at.to_string(),
    })
}

fn show(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let found = open(data)?.try_read(|tx| tx.callback(id))?.ok_or_else(|| unknown(id))?;
    let callback = &found.callback;
    let message = serde_json::from_str(&found.message).unwrap_or_else(|_| found.message.as_str().into());
    let value = with_members(to_json(callback), [("message", message), ("body", found.body.clone().into())]);
    let next = next_attempt(callback).map_or_else(String::new, |at| format!(", the next at {at}"));
    let mut lines = vec![
        format!("webhook {id}, {}, {}", callback.kind.as_str(), callback.state.as_str()),
        format!("url         {}", callback.url.escape_debug()),
        format!("created     {}", callback.created_at),
        format!("changed     {}", callback.updated_at),
        format!("attempts    {}{next}", callback.attempts),
    ];
    lines.extend(callback.last_error.as_ref().map(|error| format!("last error  {error}")));
    lines.push(format!("message     {}", found.message));
    lines.extend(found.body.as_ref().map(|body| format!("body        {body}")));
    output.result(&value, &lines.join("\n"))
}

fn test(args: &TestArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let url = args.url.trim();
    Target::of_url(url).map_err(|bad| format!("the test message can't be sent: {bad}"))?;
    let config = Config::new(data, &args.serve)?;
    let (product, published) = open(data)?.try_read(|tx| -> Result<_> {
        let product = args.product.as_deref().map(|reference| existing(tx, reference)).transpose()?;
        Ok((product.and_then(|product| product.own_key()), tx.published_keys_of(None)?))
    })?;
    let keyring = if config.unsigned {
        Keyring::empty(data)
    } else {
        Keyring::load(data, product.as_slice(), &published)?
    };
    let unique = Uuid::new_v4().to_string();
    let tested = test_message::send(&config.webhooks, &keyring, product.as_ref(), (url, &unique), now())?;
    let (shown, milliseconds) = (url.escape_debug().to_string(), tested.took.as_millis());
    let value = json!({
        "url": url, "delivered": tested.failure.is_none(), "status": tested.status,
        "error": tested.failure, "milliseconds": u64::try_from(milliseconds)?,
    });
    if let Some(failure) = tested.failure {
        if output.is_json() {
            output.result(&value, "")?;
        }
        return Err(format!(
            "the test message was not delivered to {shown}: {failure}, after {milliseconds} ms"
        )
        .into());
    }
    let status = tested.status.unwrap_or_default();
    output.result(&value, &format!("delivered to {shown}: HTTP status {status} after {milliseconds} ms"))
}

fn unknown(id: i64) -> String {
    format!("there is no webhook {id}: see \"keyseal webhook list\"")
}

fn retry(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let url = change(&open(data)?, move |tx| {
        let url = tx.callback_url(id)?.ok_or_else(|| unknown(id))?;
        Target::of_url(&url).map_err(|bad| format!("webhook {id} can't be sent: {bad}"))?;
        tx.retry_callback(id, now())?;
        Ok(url)
    })?;
    let text = format!("webhook {id} will be sent again to {}", url.escape_debug());
    output.result(&json!({ "id": id, "state": "pending" }), &text)
}
