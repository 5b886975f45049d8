//! `keyseal api-key …`: the keys that clients call the API with.

mod change;

use clap::Subcommand;
use ipnet::IpNet;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{self, Output, Result, now, open};
use crate::domain::{ApiKey, ApiKeySecret, Capabilities, FormerApiKey, parse_network};
use crate::files::DataDir;
use crate::routes;
use crate::store::{Error, NewApiKey};

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
    /// Change the name, the capabilities or the networks of an API key. Only the given options change
    ///
    /// Counts from the server's next request on. The text of the key stays: see "keyseal api-key rotate".
    #[command(
        after_help = "Example:\n  keyseal api-key update 2 --name \"new shop\" --capability shop --allow-anywhere"
    )]
    Update(change::UpdateArgs),
    /// Give an API key a new text. It is shown once and can't be shown again
    ///
    /// The old text is accepted for some days more, so that clients can be changed one after the other. "keyseal
    /// doctor" lists the old texts that are still in use.
    #[command(after_help = "Example:\n  keyseal api-key rotate 2 --keep-days 30")]
    Rotate {
        /// Id in "keyseal api-key list"
        id: i64,
        /// Days for which the old text is accepted too; 0: it is refused at once, and so
        /// are all earlier ones [default: 7]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=3_650))]
        keep_days: Option<i64>,
    },
    /// Disable an API key. Its requests are answered with 101 from now on
    #[command(after_help = "Example:\n  keyseal api-key disable 2")]
    Disable {
        /// Id in "keyseal api-key list"
        #[arg(required_unless_present = "demo")]
        id: Option<i64>,
        /// Disable all API keys of the demo, which everybody knows, instead of one by its id
        #[arg(long, conflicts_with = "id")]
        demo: bool,
        /// Disable it even if it is the last active one that may call every endpoint
        #[arg(long)]
        force: bool,
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
        /// Delete it even if it is the last active one that may call every endpoint
        #[arg(long)]
        force: bool,
    },
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Create { name, capabilities, allow_ips, inactive } => {
            create(name, &parse_capabilities(capabilities)?, allow_ips, !inactive, data, output)
        }
        Command::List => list(data, output),
        Command::Update(args) => change::update(args, data, output),
        Command::Rotate { id, keep_days } => change::rotate(*id, *keep_days, data, output),
        Command::Disable { id: Some(id), force, .. } => change::disable(*id, *force, data, output),
        Command::Disable { id: None, .. } => change::disable_demo(data, output),
        Command::Enable { id } => change::enable(*id, data, output),
        Command::Delete { id, force } => change::delete(*id, *force, data, output),
    }
}

fn parse_capabilities(words: &[String]) -> Result<Capabilities> {
    Ok(Capabilities::parse(words.iter().map(String::as_str), routes::capabilities())?)
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
    let at = now();
    let (keys, mut former) = open(data)?.try_read(|tx| {
        let both = (tx.api_keys()?, tx.former_api_keys()?);
        Ok::<_, Error>(both)
    })?;
    former.retain(|former| former.is_valid(at));
    let rows: Vec<(Value, Vec<String>)> =
        keys.iter().map(|key| (to_json(key, &former), cells(key, &former))).collect();
    let heading = ["id", "name", "key", "active", "capabilities", "allowed from", "last used", "old text"];
    // The last column is there only if a key has an old text.
    output.list(if former.is_empty() { &heading[..7] } else { &heading }, &rows)
}

fn cells(key: &ApiKey, former: &[FormerApiKey]) -> Vec<String> {
    vec![
        key.id.to_string(),
        key.name.clone(),
        format!("{}…", key.prefix),
        if key.active { "yes" } else { "no" }.to_owned(),
        key.capabilities.as_stored().to_owned(),
        if key.allow_ips.is_empty() { "anywhere".to_owned() } else { networks(&key.allow_ips).join(" ") },
        key.last_used_at.map_or_else(|| "never".to_owned(), |used| used.to_string()),
        of_key(former, key.id).map(old_text).collect::<Vec<_>>().join("; "),
    ]
}

fn old_text(former: &FormerApiKey) -> String {
    let used = former.last_used_at.map_or_else(|| "not used".to_owned(), |used| format!("used {used}"));
    format!("{}… until {}, {used}", former.prefix, former.valid_until)
}

fn of_key(former: &[FormerApiKey], id: i64) -> impl Iterator<Item = &FormerApiKey> {
    former.iter().filter(move |former| former.api_key_id == id)
}

/// `former`: the former texts that are accepted, also of other keys.
fn to_json(key: &ApiKey, former: &[FormerApiKey]) -> Value {
    let old_texts: Vec<Value> = of_key(former, key.id)
        .map(|former| {
            json!({
                "prefix": former.prefix, "valid_until": former.valid_until.to_string(),
                "last_used_at": former.last_used_at.map(|used| used.to_string()),
            })
        })
        .collect();
    json!({
        "id": key.id, "name": key.name, "prefix": key.prefix, "capabilities": slugs(&key.capabilities),
        "allow_ips": networks(&key.allow_ips), "active": key.active,
        "created_at": key.created_at.to_string(),
        "last_used_at": key.last_used_at.map(|used| used.to_string()), "old_texts": old_texts,
    })
}

fn slugs(capabilities: &Capabilities) -> Vec<&str> {
    capabilities.slugs().collect()
}

fn networks(networks: &[IpNet]) -> Vec<String> {
    networks.iter().map(IpNet::to_string).collect()
}
