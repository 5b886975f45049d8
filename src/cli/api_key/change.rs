//! `keyseal api-key update`, `rotate`, `enable`, `disable` and `delete`.

use std::error::Error;

use ipnet::IpNet;
use serde_json::json;

use super::{networks, new_secret, parse_capabilities, slugs, to_json};
use crate::cli::{Output, Result, change, demo, now, open, operation};
use crate::domain::{ApiKey, ApiKeyChange, MAX_NAME, check_text, parse_network};
use crate::files::DataDir;
use crate::operations::ApiKeyError;
use crate::store::Tx;

/// The days for which the former text of a rotated key is accepted, unless `--keep-days` says otherwise.
const KEEP_DAYS: i64 = 7;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true))]
pub struct UpdateArgs {
    /// Id in "keyseal api-key list"
    id: i64,
    /// New name
    #[arg(long, group = "changes")]
    name: Option<String>,
    /// Endpoint that it may call, such as "verify"; or a preset (client, shop, admin), or * for all. Repeatable. They
    /// replace the capabilities that it has
    #[arg(long = "capability", value_name = "CAPABILITY", group = "changes")]
    capabilities: Vec<String>,
    /// Address or network that it may be used from. Repeatable. They replace the networks that it has
    #[arg(long = "allow-ip", value_name = "NET", value_parser = parse_network, group = "changes")]
    allow_ips: Vec<IpNet>,
    /// Let it be used from anywhere
    #[arg(long, conflicts_with = "allow_ips", group = "changes")]
    allow_anywhere: bool,
    /// Narrow its capabilities even if it is the last active one that may call every endpoint
    #[arg(long)]
    force: bool,
}

pub fn update(args: &UpdateArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let name = args.name.as_deref().map(str::trim);
    if let Some(name) = name {
        check_text(name, MAX_NAME).map_err(|error| format!("--name: {error}"))?;
    }
    let changes = ApiKeyChange {
        name: name.map(str::to_owned),
        capabilities: (!args.capabilities.is_empty())
            .then(|| parse_capabilities(&args.capabilities))
            .transpose()?,
        allow_ips: (args.allow_anywhere || !args.allow_ips.is_empty()).then(|| args.allow_ips.clone()),
    };
    let (id, is_forced) = (args.id, args.force);
    let key = change(&open(data)?, move |tx| {
        operation(tx).change_api_key(id, &changes, is_forced).map_err(explained)
    })?;
    let text = format!("API key {id} is changed\n{}", summary(&key));
    output.result(&to_json(&key, &[]), &text)
}

pub fn rotate(id: i64, keep_days: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let published = demo::secrets()?.api_keys;
    let secret = new_secret();
    let text = secret.expose().to_owned();
    let at = now();
    let (key, until) = change(&open(data)?, move |tx| {
        let is_published = is_of_demo(tx, &published, id)?;
        if is_published && keep_days.is_some_and(|days| days > 0) {
            return Err(format!(
                "API key {id} is one of the demo's, whose text everybody knows: rotate it without --keep-days, so that \
                 the old text ends now"
            )
            .into());
        }
        let days = if is_published { 0 } else { keep_days.unwrap_or(KEEP_DAYS) };
        let until = (days > 0).then(|| at.plus_days(days));
        let key = operation(tx).rotate_api_key(id, &secret, until).map_err(explained)?;
        Ok((key, until))
    })?;
    let old = match until {
        Some(until) => format!("the old text is accepted until {until} (UTC)"),
        None => "all old texts are refused from now on".to_owned(),
    };
    let value = json!({
        "id": id, "name": key.name, "api_key": text, "old_text_until": until.map(|until| until.to_string()),
    });
    output.result(&value, &format!("API key {id} \"{}\", shown only this once:\n  {text}\n{old}", key.name))
}

pub fn enable(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    let published = demo::secrets()?.api_keys;
    change(&open(data)?, move |tx| {
        if is_of_demo(tx, &published, id)? {
            return Err(format!(
                "API key {id} is one of the demo's, which everybody knows: make one of your own with \"keyseal api-key \
                 create\""
            )
            .into());
        }
        if tx.set_api_key_active(id, true)? { Ok(()) } else { Err(explained(ApiKeyError::Unknown(id))) }
    })?;
    output.result(&json!({ "id": id, "active": true }), &format!("API key {id} is enabled"))
}

pub fn disable(id: i64, is_forced: bool, data: &DataDir, output: &mut Output<'_>) -> Result {
    change(&open(data)?, move |tx| operation(tx).disable_api_key(id, is_forced).map_err(explained))?;
    output.result(&json!({ "id": id, "active": false }), &format!("API key {id} is disabled"))
}

/// Disables all published keys, also the last one that may call every endpoint: no server starts with them.
pub fn disable_demo(data: &DataDir, output: &mut Output<'_>) -> Result {
    let published = demo::secrets()?.api_keys;
    let disabled: Vec<i64> = change(&open(data)?, move |tx| {
        let active: Vec<i64> =
            tx.api_keys_of(&published)?.iter().filter(|key| key.active).map(|key| key.id).collect();
        for id in &active {
            operation(tx).disable_api_key(*id, true)?;
        }
        Ok(active)
    })?;
    let ids: Vec<String> = disabled.iter().map(i64::to_string).collect();
    let text = match ids.as_slice() {
        [] => "no API key of the demo is active".to_owned(),
        ids => format!("API keys of the demo that are disabled now: {}", ids.join(", ")),
    };
    output.result(&json!({ "disabled": disabled }), &text)
}

pub fn delete(id: i64, is_forced: bool, data: &DataDir, output: &mut Output<'_>) -> Result {
    change(&open(data)?, move |tx| operation(tx).delete_api_key(id, is_forced).map_err(explained))?;
    output.result(&json!({ "id": id, "deleted": true }), &format!("API key {id} is deleted"))
}

fn is_of_demo(tx: &Tx<'_>, published: &[[u8; 32]], id: i64) -> Result<bool> {
    Ok(tx.api_keys_of(published)?.iter().any(|key| key.id == id))
}

/// The refusal, and the next step.
fn explained(error: ApiKeyError) -> Box<dyn Error + Send + Sync> {
    let next = match error {
        ApiKeyError::Unknown(_) => "see \"keyseal api-key list\"",
        ApiKeyError::LastFull(_) => "create another one with --capability \"*\" first, or give --force",
        ApiKeyError::SameText => "run the command again",
        ApiKeyError::Store(error) => return error.into(),
    };
    format!("{error}: {next}").into()
}

/// The key in one line, below its id.
fn summary(key: &ApiKey) -> String {
    let capabilities = slugs(&key.capabilities).join(" ");
    let from =
        if key.allow_ips.is_empty() { "anywhere".to_owned() } else { networks(&key.allow_ips).join(" ") };
    let capabilities = if capabilities.is_empty() { "no capability".to_owned() } else { capabilities };
    let active = if key.active { "active" } else { "disabled" };
    format!("\"{}\", {active}, {capabilities}, allowed from {from}", key.name)
}
