//! `keyseal block …`: addresses, domains and identifiers that are answered "Access denied".

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Output, Result, change, now, open};
use crate::domain::Block;
use crate::files::DataDir;

#[derive(Subcommand)]
pub enum Command {
    /// Block an address or network, a domain with its subdomains, or an identifier
    #[command(after_help = "Example:\n  keyseal block add --domain pirate.example")]
    Add(AddArgs),
    /// List all blocks
    #[command(after_help = "Example:\n  keyseal block list")]
    List,
    /// Remove a block
    #[command(after_help = "Example:\n  keyseal block remove 3")]
    Remove {
        /// Id in "keyseal block list"
        id: i64,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct AddArgs {
    /// Address or network, such as 203.0.113.7 or 203.0.113.0/24
    #[arg(long, value_name = "NET")]
    ip: Option<String>,
    /// Domain; its subdomains are blocked too
    #[arg(long)]
    domain: Option<String>,
    /// Identifier, as clients send it
    #[arg(long)]
    identifier: Option<String>,
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Add(args) => add(args, data, output),
        Command::List => list(data, output),
        Command::Remove { id } => remove(*id, data, output),
    }
}

fn add(args: &AddArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let block = match (&args.ip, &args.domain, &args.identifier) {
        (Some(ip), _, _) => Block::parse_ip(ip)?,
        (_, Some(domain), _) => Block::parse_domain(domain)?,
        (_, _, Some(identifier)) => Block::parse_identifier(identifier)?,
        (None, None, None) => return Err("nothing to block: give --ip, --domain or --identifier".into()),
    };
    let added = block.clone();
    let id = change(&open(data)?, move |tx| {
        Ok(tx.add_block(&added, now())?.ok_or_else(|| format!("{} is blocked already", added.value()))?)
    })?;
    output.result(&to_json(id, &block), &format!("block {id}: {} {} is blocked", block.kind(), block.value()))
}

fn list(data: &DataDir, output: &mut Output<'_>) -> Result {
    let blocks = open(data)?.try_read(|tx| tx.blocks())?;
    let rows: Vec<(Value, Vec<String>)> = blocks
        .iter()
        .map(|(id, block)| {
            (to_json(*id, block), vec![id.to_string(), block.kind().to_owned(), block.value()])
        })
        .collect();
    output.list(&["id", "kind", "value"], &rows)
}

fn remove(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    change(&open(data)?, move |tx| {
        if tx.remove_block(id)? {
            Ok(())
        } else {
            Err(format!("there is no block {id}: see \"keyseal block list\"").into())
        }
    })?;
    output.result(&json!({ "id": id, "removed": true }), &format!("block {id} is removed"))
}

fn to_json(id: i64, block: &Block) -> Value {
    json!({ "id": id, "kind": block.kind(), "value": block.value() })
}
