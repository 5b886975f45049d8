//! `keyseal api-key …`: the keys that clients call the API with.

use clap::Subcommand;
use ipnet::IpNet;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Output, Result, change, demo, now, open};
use crate::domain::{ApiKey, ApiKeySecret, Capabilities, parse_network};
use crate::files::DataDir;
use crate::routes;
use crate::store::NewApiKey;

#[derive(Subcommand)]
pub enum Command {
    /// Create an API key. It is shown once and can't be shown again
    #[command(
        after_help = "Example:\n  keyseal api-key create --name \"web shop\" --capability shop --allow-ip 203.0.113.7"
    )]
    Create {
        /// Name to recognize it by
        #[arg(long)]
        name: String,
        /// Endpoint that it may call, such as "verify"; or a preset (client, shop, admin), or * for all. Repeatable.
        /// Without any, it may call nothing
        #[arg(long = "capability", value_name = "CAPABILITY")]
        capabilities: Vec<String>,
        /// Address or network that it may be used from. Repeatable. Without any, from anywhere
        #[arg(long = "allow-ip", value_name = "NET", value_parser = parse_network)]
        allow_ips: Vec<IpNet>,
        /// Create it disabled
        #[arg(long)]
        inactive: bool,
    },
    /// List all API keys
    #[command(after_help = "Example:\n  keyseal api-key list")]
    List,
    /// Disable an API key. Its requests are answered with 101 from now on
    #[command(after_help = "Example:\n  keyseal api-key disable 2")]
    Disable {
        /// Id in "keyseal api-key list"
        #[arg(required_unless_present = "demo")]
        id: Option<i64>,
        /// Disable all API keys of the demo, which everybody knows, instead of one by its id
        #[arg(long, conflicts_with = "id")]
        demo: bool,
    },
    /// Enable an API key
    #[command(after_help = "Example:\n  keyseal api-key enable 2")]
    Enable {
        /// Id in "keyseal api-key list"
        id: i64,
    },
    /// Delete an API key. Its requests are answered with 100 from now on
    #[command(after_help = "Example:\n  keyseal api-key delete 2")]
    Delete {
        /// Id in "keyseal api-key list"
        id: i64,
    },
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Create { name, capabilities, allow_ips, inactive } => {
            let capabilities =
                Capabilities::parse(capabilities.iter().map(String::as_str), routes::capabilities())?;
            create(name, &capabilities, allow_ips, !inactive, data, output)
        }
        Command::List => list(data, output),
        Command::Disable { id: Some(id), .. } => switch(*id, false, data, output),
        Command::Disable { id: None, .. } => disable_demo(data, output),
        Command::Enable { id } => switch(*id, true, data, output),
        Command::Delete { id } => delete(*id, data, output),
    }
}

/// A new random API key: a version 4 UUID, as v1 clients expect.
pub fn new_secret() -> ApiKeySecret {
    ApiKeySecret::from_uuid(Uuid::new_v4())
}

fn create(
    name: &str,
    capabilities: &Capabilities,
    allow_ips: &[IpNet],
    active: bool,
    data: &DataDir,
    output: &mut Output<'_>,
) -> Result {
    let secret = new_secret();
    let api_key = secret.expose().to_owned();
    if capabilities.as_stored().is_empty() {
        output.note("note: without --capability this key may call no endpoint, and gets 102 from each");
    }
    let value = |id: i64| {
        json!({
            "id": id, "name": name, "api_key": api_key, "capabilities": slugs(capabilities),
            "allow_ips": networks(allow_ips), "active": active,
        })
    };
    let key = NewApiKey {
        name: name.to_owned(),
        secret,
        capabilities: capabilities.clone(),
        allow_ips: allow_ips.to_vec(),
        active,
    };
    let id = change(&open(data)?, move |tx| {
        Ok(tx.add_api_key(&key, now())?.ok_or("the new API key exists already: run the command again")?)
    })?;
    let text = format!("API key {id} \"{name}\", shown only this once:\n  {api_key}");
    output.result(&value(id), &text)
}

fn list(data: &DataDir, output: &mut Output<'_>) -> Result {
    let keys = open(data)?.try_read(|tx| tx.api_keys())?;
    let rows: Vec<(Value, Vec<String>)> = keys.iter().map(row).collect();
    output.list(&["id", "name", "key", "active", "capabilities", "allowed from", "last used"], &rows)
}

fn row(key: &ApiKey) -> (Value, Vec<String>) {
    let used = key.last_used_at.map(|moment| moment.to_string());
    let value = json!({
        "id": key.id, "name": key.name, "prefix": key.prefix, "capabilities": slugs(&key.capabilities),
        "allow_ips": networks(&key.allow_ips), "active": key.active,
        "created_at": key.created_at.to_string(), "last_used_at": used,
    });
    let cells = vec![
        key.id.to_string(),
        key.name.clone(),
        format!("{}…", key.prefix),
        if key.active { "yes" } else { "no" }.to_owned(),
        key.capabilities.as_stored().to_owned(),
        if key.allow_ips.is_empty() { "anywhere".to_owned() } else { networks(&key.allow_ips).join(" ") },
        used.unwrap_or_else(|| "never".to_owned()),
    ];
    (value, cells)
}

fn switch(id: i64, active: bool, data: &DataDir, output: &mut Output<'_>) -> Result {
    let published = demo::secrets()?.api_keys;
    change(&open(data)?, move |tx| {
        if active && tx.api_keys_of(&published)?.iter().any(|key| key.id == id) {
            return Err(format!(
                    "API key {id} is one of the demo's, which everybody knows: make one of your own with \"keyseal \
                     api-key create\""
                )
                .into());
        }
        if tx.set_api_key_active(id, active)? { Ok(()) } else { Err(unknown(id).into()) }
    })?;
    let text = format!("API key {id} is {}", if active { "enabled" } else { "disabled" });
    output.result(&json!({ "id": id, "active": active }), &text)
}

fn disable_demo(data: &DataDir, output: &mut Output<'_>) -> Result {
    let published = demo::secrets()?.api_keys;
    let disabled: Vec<i64> = change(&open(data)?, move |tx| {
        let active: Vec<i64> =
            tx.api_keys_of(&published)?.iter().filter(|key| key.active).map(|key| key.id).collect();
        for id in &active {
            tx.set_api_key_active(*id, false)?;
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

fn delete(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    change(&open(data)?, move |tx| if tx.delete_api_key(id)? { Ok(()) } else { Err(unknown(id).into()) })?;
    output.result(&json!({ "id": id, "deleted": true }), &format!("API key {id} is deleted"))
}

fn unknown(id: i64) -> String {
    format!("there is no API key {id}: see \"keyseal api-key list\"")
}

fn slugs(capabilities: &Capabilities) -> Vec<&str> {
    capabilities.slugs().collect()
}

fn networks(networks: &[IpNet]) -> Vec<String> {
    networks.iter().map(IpNet::to_string).collect()
}
