//! `keyseal api-key …`: the keys that clients call the API with.

mod change;

use clap::Subcommand;
use ipnet::IpNet;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{self, Output, Result, now, open};
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
        Command::Disable { id: Some(id), .. } => change::switch(*id, false, data, output),
        Command::Disable { id: None, .. } => change::disable_demo(data, output),
        Command::Enable { id } => change::switch(*id, true, data, output),
        Command::Delete { id } => change::delete(*id, data, output),
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
    let id = cli::change(&open(data)?, move |tx| {
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

fn slugs(capabilities: &Capabilities) -> Vec<&str> {
    capabilities.slugs().collect()
}

fn networks(networks: &[IpNet]) -> Vec<String> {
    networks.iter().map(IpNet::to_string).collect()
}
