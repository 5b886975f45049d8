//! `keyseal product …`: the products that license keys are for.

mod change;
pub mod reference;
mod valid;

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::{self, Output, Result, now, open};
use crate::domain::{
    MAX_NAME, MAX_PRODUCT_TEXT, NewProduct, Product, ProductChange, ProductStatus, Timestamp,
};
use crate::files::DataDir;
use crate::maintenance::signing_keys::install_for_product;
use crate::operations::Operation;
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
    /// Show a product
    #[command(after_help = "Example:\n  keyseal product show 1")]
    Show {
        /// Product: its id, UUID, slug or name
        product: String,
    },
    /// Change a product. Only the given options change
    #[command(after_help = "Example:\n  keyseal product update 1 --slug my-product")]
    Update(change::UpdateArgs),
    /// Delete a product with its metadata, generators and downloads. Its licenses stay
    ///
    /// Refused while licenses of it are assigned, unless --even-with-licenses.
    #[command(after_help = "Example:\n  keyseal product delete 1")]
    Delete(change::DeleteArgs),
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
    /// URL of the webhooks for its activations that have none of their own
    #[arg(long, value_name = "URL")]
    post_url: Option<String>,
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
        Command::Show { product } => change::show(product, data, output),
        Command::Update(args) => change::update(args, data, output),
        Command::Delete(args) => change::delete(args, data, output),
    }
}

fn create(args: &CreateArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let slug = args.slug.as_deref().map(valid::slug_or_blank).transpose()?;
    let product = NewProduct {
        uuid: Uuid::new_v4().to_string(),
        name: valid::required("--name", &args.name, MAX_NAME)?,
        description: valid::text("--description", &args.description, MAX_PRODUCT_TEXT)?,
        status: if args.inactive { ProductStatus::Inactive } else { ProductStatus::Active },
    };
    let settings = ProductChange {
        slug: slug.filter(|slug| !slug.is_empty()),
        post_url: args.post_url.as_deref().map(|url| valid::url_or_blank("--post-url", url)).transpose()?,
        changelog_enabled: Some(args.changelog),
        require_non_expired: Some(args.require_non_expired),
        ..ProductChange::default()
    };
    let store = open(data)?;
    let pem = args.own_key.then(|| signing::generate(signing::DEFAULT_BITS)).transpose()?;
    let staged = pem.map(|pem| StagedKey::write(&pem, &data.keys(), data)).transpose()?;
    let (public, directory) = (staged.as_ref().map(|staged| staged.key().public().clone()), data.clone());
    let added =
        cli::change(&store, move |tx| add(tx, &directory, &product, &settings, public.as_ref(), now()));
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
    let operation = Operation { now, ..cli::operation(tx) };
    let id = operation.add_product(product, settings).map_err(valid::explained)?;
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
        "uuid": product.uuid, "source": product.source.as_str(), "external_reference": product.external_reference,
        "post_url": product.post_url, "features": features(product),
        "created_at": product.created_at.to_string(), "updated_at": product.updated_at.to_string(),
    })
}

/// The features of a product. The database holds only JSON here.
fn features(product: &Product) -> Value {
    serde_json::from_str(&product.features).unwrap_or_default()
}

fn signed_by(product: &Product) -> String {
    match &product.signing_key {
        Some(_) => format!("signed by its own key ({})", Keyring::product_file(product.id)),
        None => "signed by the global key".to_owned(),
    }
}
