//! `keyseal license release`: ends activations without a request of their clients.

use serde_json::json;

use super::{existing, identifier, license_key};
use crate::cli::{Output, Result, change, one_line, open, operation};
use crate::domain::{License, Seats};
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::store::Tx;

/// How many of a license's identifiers a message names.
const MAX_SHOWN: usize = 10;

/// End activations of a license, so that others can take their seats
///
/// For a device that is lost or broken: its client can't deactivate. Sends the webhook of each ended activation.
/// Prints the identifiers that stay active.
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("seats").required(true),
    after_help = "Examples:\n  keyseal license release 3a343c8a-38fe-4b6e-ad77-2222222 --identifier shop.example\n  \
                  keyseal license release 3a343c8a-38fe-4b6e-ad77-2222222 --oldest"
)]
pub struct Args {
    /// License key
    key: String,
    /// End the activation on this identifier
    #[arg(long, group = "seats")]
    identifier: Option<String>,
    /// End all activations
    #[arg(long, group = "seats")]
    all: bool,
    /// End the activation that is the oldest
    #[arg(long, group = "seats")]
    oldest: bool,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let seats = seats(args.identifier.as_deref(), args.oldest)?;
    let (license, released, left) = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        let released = release_seats(tx, &license, &seats)?;
        let left = tx.active_identifiers(license.id)?;
        Ok((license, released, left))
    })?;
    let text = format!(
        "license key {} is no longer active on {}; {}",
        license.license_key,
        listed(&released),
        match left.len() {
            0 => "it is active nowhere now".to_owned(),
            _ => format!("it stays active on {}", listed(&left)),
        }
    );
    let value = json!({
        "id": license.id, "license_key": license.license_key, "released": released, "left": left,
        "activation_limit": license.activation_limit,
    });
    output.result(&value, &text)
}

/// The activations that the options name: clap requires one of them, and without these two it is all.
pub(super) fn seats(on: Option<&str>, oldest: bool) -> Result<Seats> {
    Ok(match on.map(identifier).transpose()? {
        Some(identifier) => Seats::On(identifier),
        None if oldest => Seats::Oldest,
        None => Seats::All,
    })
}

/// Ends activations, of which there must be one. The error names those that there are: one of them was meant.
pub(super) fn release_seats(tx: &Tx<'_>, license: &License, seats: &Seats) -> Result<Vec<String>> {
    let released = operation(tx).release(license, seats)?;
    if !released.is_empty() {
        return Ok(released);
    }
    let active = tx.active_identifiers(license.id)?;
    let key = &license.license_key;
    Err(match seats {
        Seats::On(identifier) if active.is_empty() => {
            format!(
                "license key {key} is not active on {}: it is active nowhere",
                one_line(identifier.as_str())
            )
        }
        Seats::On(identifier) => {
            format!(
                "license key {key} is not active on {}: it is active on {}",
                one_line(identifier.as_str()),
                listed(&active)
            )
        }
        Seats::Oldest | Seats::All => format!("license key {key} is active nowhere"),
    }
    .into())
}

/// Identifiers in a sentence, which clients can't break into lines; of many, their number and the first ones.
fn listed(identifiers: &[String]) -> String {
    let shown = identifiers.iter().take(MAX_SHOWN).map(|identifier| one_line(identifier));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match identifiers.len() {
        count if count > MAX_SHOWN => {
            format!("{}, among them {shown}", number(count, "identifier", "identifiers"))
        }
        _ => shown,
    }
}
