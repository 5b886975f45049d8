//! `keyseal product …`: the products that license keys are for.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Output, Result, change, now, open};
use crate::domain::{NewProduct, Product, ProductChange, ProductStatus, Timestamp, is_slug};
use crate::files::DataDir;
use crate::maintenance::signing_keys::install_for_product;
use crate::signing::{self, Keyring, PublicKey, StagedKey};
use crate::store::Tx;

#[derive(Subcommand)]
pub enum Command {
    /// Create a product
    #[command(after_help = "Example:\n  keyseal product create --name \"My product\" --own-key")]
    Create(CreateArgs),
    /// List all products
    #[command(after_help = "Example:\n  keyseal product list")]
    List,
}

#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct CreateArgs {
    /// Name
    #[arg(long)]
    name: String,
    /// Description
    #[arg(long, default_value = "")]
    description: String,
    /// Create it inactive: requests for its licenses are answered with 203
    #[arg(long)]
    inactive: bool,
    /// Give it a signing key of its own, instead of the global key
    #[arg(long)]
    own_key: bool,
    /// Name in URLs: letters, digits, - and _
    #[arg(long)]
    slug: Option<String>,
    /// Publish its changelog
    #[arg(long)]
    changelog: bool,
    /// Refuse downloads for expired licenses with 205
    #[arg(long)]
    require_non_expired: bool,
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Create(args) => create(args, data, output),
        Command::List => list(data, output),
    }
}

fn create(args: &CreateArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    if args.name.trim().is_empty() {
        return Err("the name is empty: give one with --name".into());
    }
    let slug = args.slug.as_deref().map(str::trim).filter(|slug| !slug.is_empty());
    if let Some(slug) = slug.filter(|slug| !is_slug(slug)) {
        return Err(format!(
            "{slug:?} can't be a slug: use letters, digits, - and _, but not a number or a UUID"
        )
        .into());
    }
    let product = NewProduct {
        uuid: Uuid::new_v4().to_string(),
        name: args.name.clone(),
        description: args.description.clone(),
        status: if args.inactive { ProductStatus::Inactive } else { ProductStatus::Active },
    };
    let settings = ProductChange {
        slug: slug.map(str::to_owned),
        changelog_enabled: Some(args.changelog),
        require_non_expired: Some(args.require_non_expired),
        ..ProductChange::default()
    };
    let store = open(data)?;
    let pem = args.own_key.then(|| signing::generate(signing::DEFAULT_BITS)).transpose()?;
    let staged = pem.map(|pem| StagedKey::write(&pem, &data.keys(), data)).transpose()?;
    let (public, directory) = (staged.as_ref().map(|staged| staged.key().public().clone()), data.clone());
    let added = change(&store, move |tx| add(tx, &directory, &product, &settings, public.as_ref(), now()));
    let id = match (staged, added) {
        (Some(staged), Ok((id, Some(place)))) => {
            staged.publish(&place)?;
            id
        }
        (Some(staged), added) => {
            staged.discard();
            added?.0
        }
        (None, added) => added?.0,
    };
    let product = store
        .try_read(|tx| tx.product(id))?
        .ok_or("the product was deleted by someone else at the same time")?;
    let text = format!("product {id} \"{}\", {}", product.name, signed_by(&product));
    output.result(&to_json(&product), &text)
}

/// Adds a product, with a signing key of its own if one is given. Returns its id and the place of the key's file.
pub fn add(
    tx: &Tx<'_>,
    data: &DataDir,
    product: &NewProduct,
    settings: &ProductChange,
    own_key: Option<&PublicKey>,
    now: Timestamp,
) -> Result<(i64, Option<PathBuf>)> {
    if let Some(slug) = &settings.slug
        && tx.is_slug_taken(slug, None)?
    {
        return Err(format!("a product with the slug {slug} exists already: give another with --slug").into());
    }
    let id = tx.add_product_with(product, settings, now)?;
    let place = own_key.map(|key| install_for_product(tx, data, id, key, now)).transpose()?;
    Ok((id, place))
}

fn list(data: &DataDir, output: &mut Output<'_>) -> Result {
    let products = open(data)?.try_read(|tx| tx.products())?;
    let rows: Vec<(Value, Vec<String>)> = products
        .iter()
        .map(|product| {
            let status = product.status.as_str().to_owned();
            let cells = vec![product.id.to_string(), product.name.clone(), status, signed_by(product)];
            (to_json(product), cells)
        })
        .collect();
    output.list(&["id", "name", "status", "signing key"], &rows)
}

fn to_json(product: &Product) -> Value {
    json!({
        "id": product.id, "name": product.name, "description": product.description,
        "status": product.status.as_str(), "own_key": product.signing_key.is_some(),
        "slug": product.slug, "changelog_enabled": product.changelog_enabled,
        "require_non_expired": product.require_non_expired,
    })
}

fn signed_by(product: &Product) -> String {
    match &product.signing_key {
        Some(_) => format!("signed by its own key ({})", Keyring::product_file(product.id)),
        None => "signed by the global key".to_owned(),
    }
}
