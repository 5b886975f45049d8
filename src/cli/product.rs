//! `keyseal product …`: what license keys are sold for.

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Output, Result, change, now, open, signing_key};
use crate::domain::{NewProduct, Product, ProductStatus};
use crate::signing::{self, Keyring};
use crate::store::{DataDir, Store};

#[derive(Subcommand)]
pub enum Command {
    /// Make a product
    Create {
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "")]
        description: String,
        /// Make it inactive: its licenses answer 203
        #[arg(long)]
        inactive: bool,
        /// Give it a signing key of its own; else the global key signs for it
        #[arg(long)]
        own_key: bool,
        /// Its name in URLs
        #[arg(long)]
        slug: Option<String>,
        /// Let anyone read its changelog
        #[arg(long)]
        changelog: bool,
        /// Refuse downloads to expired licenses: 205
        #[arg(long)]
        require_non_expired: bool,
    },
    /// List all products
    List,
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Create { name, description, inactive, own_key, slug, changelog, require_non_expired } => {
            let status = if *inactive { ProductStatus::Inactive } else { ProductStatus::Active };
            let product = NewProduct {
                uuid: Uuid::new_v4().to_string(),
                name: name.clone(),
                description: description.clone(),
                status,
            };
            let access = Access {
                slug: slug.clone(),
                changelog_enabled: *changelog,
                require_non_expired: *require_non_expired,
            };
            create(product, access, *own_key, data, output)
        }
        Command::List => list(data, output),
    }
}

/// Who may read the changelog and download, and under which name.
struct Access {
    slug: Option<String>,
    changelog_enabled: bool,
    require_non_expired: bool,
}

fn create(
    product: NewProduct,
    access: Access,
    own_key: bool,
    data: &DataDir,
    output: &mut Output<'_>,
) -> Result {
    if product.name.trim().is_empty() {
        return Err("a product needs a name: give one with --name".into());
    }
    let store = open(data)?;
    let pem = own_key.then(|| signing::generate(signing::DEFAULT_BITS)).transpose()?;
    let keys = data.clone();
    let id = change(&store, move |tx| {
        let Access { slug, changelog_enabled, require_non_expired } = access;
        let slug = slug.map(|slug| slug.trim().to_owned()).filter(|slug| !slug.is_empty());
        if let Some(slug) = &slug
            && tx.product_by_slug(slug)?.is_some()
        {
            return Err(
                format!("a product with the slug {slug} exists already: give another with --slug").into()
            );
        }
        let id = tx.add_product(&product, now())?;
        tx.set_product_access(id, slug.as_deref(), changelog_enabled, require_non_expired, now())?;
        if let Some(pem) = pem {
            signing_key::give_to_product(tx, &keys, id, &pem)?;
        }
        Ok(id)
    })?;
    let product = store.read(|tx| tx.product(id))??.ok_or("the product was deleted at once")?;
    let text = format!("product {id} \"{}\", {}", product.name, signed_by(&product));
    output.result(&value(&product), &text)
}

/// Adds a product, and its key if it has one of its own: both or neither.
pub fn add(
    store: &Store,
    data: &DataDir,
    product: NewProduct,
    own_key: Option<zeroize::Zeroizing<String>>,
) -> Result<i64> {
    let data = data.clone();
    change(store, move |tx| {
        let id = tx.add_product(&product, now())?;
        if let Some(pem) = own_key {
            signing_key::give_to_product(tx, &data, id, &pem)?;
        }
        Ok(id)
    })
}

fn list(data: &DataDir, output: &mut Output<'_>) -> Result {
    let products = open(data)?.read(|tx| tx.products())??;
    let rows: Vec<(Value, Vec<String>)> = products
        .iter()
        .map(|product| {
            let status = product.status.as_str().to_owned();
            let cells = vec![product.id.to_string(), product.name.clone(), status, signed_by(product)];
            (value(product), cells)
        })
        .collect();
    output.list(&["id", "name", "status", "signing key"], &rows)
}

fn value(product: &Product) -> Value {
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
