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
    #[command(after_help = "Example:\n  keyseal block remove --domain pirate.example")]
    Remove(RemoveArgs),
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct RemoveArgs {
    /// Id in "keyseal block list"
    id: Option<i64>,
    /// Blocked address or network
    #[arg(long, value_name = "NET")]
    ip: Option<String>,
    /// Blocked domain
    #[arg(long)]
    domain: Option<String>,
    /// Blocked identifier
    #[arg(long)]
    identifier: Option<String>,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct AddArgs {
    /// Address or network, such as 203.0.113.7 or 203.0.113.0/24
    #[arg(long, value_name = "NET")]
    ip: Option<String>,
    /// Domain, in letters of any language or as xn--…; its subdomains are blocked too
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
        Command::Remove(args) => remove(args, data, output),
    }
}

fn add(args: &AddArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let block = named(args.ip.as_ref(), args.domain.as_ref(), args.identifier.as_ref())?
        .ok_or("nothing to block: give --ip, --domain or --identifier")?;
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

/// The block that the options name, if any of them is given.
fn named(ip: Option<&String>, domain: Option<&String>, identifier: Option<&String>) -> Result<Option<Block>> {
    Ok(match (ip, domain, identifier) {
        (Some(ip), _, _) => Some(Block::parse_ip(ip)?),
        (_, Some(domain), _) => Some(Block::parse_domain(domain)?),
        (_, _, Some(identifier)) => Some(Block::parse_identifier(identifier)?),
        (None, None, None) => None,
    })
}

fn remove(args: &RemoveArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let block = named(args.ip.as_ref(), args.domain.as_ref(), args.identifier.as_ref())?;
    let id = args.id;
    let removed = change(&open(data)?, move |tx| {
        let blocks = tx.blocks()?.into_iter();
        let of_this = |found: &Block| block.as_ref() == Some(found);
        let ids: Vec<i64> =
            blocks.filter(|(other, found)| id == Some(*other) || of_this(found)).map(|(id, _)| id).collect();
        for id in &ids {
            tx.remove_block(*id)?;
        }
        match (ids.first(), id, &block) {
            (Some(first), _, _) => Ok(*first),
            (None, _, Some(block)) => {
                Err(format!("{} {} is not blocked: see \"keyseal block list\"", block.kind(), block.value())
                    .into())
            }
            (None, id, None) => {
                Err(format!("there is no block {}: see \"keyseal block list\"", id.unwrap_or_default())
                    .into())
            }
        }
    })?;
    output.result(&json!({ "id": removed, "removed": true }), &format!("block {removed} is removed"))
}

fn to_json(id: i64, block: &Block) -> Value {
    json!({ "id": id, "kind": block.kind(), "value": block.value() })
}
