//! `keyseal license move` and `reassign`.

use serde_json::json;

use super::{existing, license_key, new_owner, refusal, summary, to_json_with};
use crate::cli::product::reference;
use crate::cli::{Output, Result, change, open, operation};
use crate::files::DataDir;

/// Move a license to another product
///
/// Its activations stay. A client that sends the product's id with its requests must send the new one.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  keyseal license move 3a343c8a-38fe-4b6e-ad77-2222222 --product pro")]
pub struct MoveArgs {
    /// License key
    key: String,
    /// Product that it moves to: its id, UUID, slug or name
    #[arg(long, value_name = "PRODUCT")]
    product: String,
}

/// Take a license from its owner, and assign it to another one from now on
///
/// All that the former owner had on it ends: activations, whose webhooks are sent, metadata, note and order reference.
/// Its term begins anew. To correct the name or the address of an owner, use "keyseal license update".
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  keyseal license reassign 3a343c8a-38fe-4b6e-ad77-2222222 --owner-email zoe@shop.example"
)]
pub struct ReassignArgs {
    /// License key
    key: String,
    /// New owner's email address
    #[arg(long, value_name = "EMAIL")]
    owner_email: String,
    /// New owner's name [default: none]
    #[arg(long, value_name = "NAME")]
    owner_name: Option<String>,
}

pub fn run_move(args: &MoveArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let product = args.product.clone();
    let (before, license, product) = change(&open(data)?, move |tx| {
        let before = existing(tx, &key)?;
        let product = reference::existing(tx, &product)?;
        let license = if product.id == before.product_id {
            before.clone()
        } else {
            operation(tx).move_to(&before, product.id)?
        };
        Ok((before, license, product))
    })?;
    let (key, name) = (&license.license_key, &product.name);
    let text = if license.product_id == before.product_id {
        format!("license key {key} is of product {} \"{name}\" already", product.id)
    } else {
        format!("license key {key} is moved from product {} to {} \"{name}\"", before.product_id, product.id)
    };
    let value = to_json_with(&license, [("old_product_id", before.product_id.into())]);
    output.result(&value, &text)
}

pub fn reassign(args: &ReassignArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let email = new_owner("--owner-email", Some(&args.owner_email))?;
    let email = email.ok_or("--owner-email is empty: give the new owner's address")?;
    let name = new_owner("--owner-name", args.owner_name.as_deref())?;
    let changed = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        let changed = operation(tx).reassign(&license, name.as_deref(), &email);
        changed.map_err(|error| refusal(&license, "reassigned", error))
    })?;
    let (license, ended) = (changed.license, changed.ended);
    if !ended.is_empty() {
        output.note(&format!("note: of the former owner, {ended}"));
    }
    let ended = json!({ "activations": ended.activations, "meta": ended.meta });
    output.result(
        &to_json_with(&license, [("ended", ended)]),
        &format!("license key {} is reassigned\n{}", license.license_key, summary(&license)),
    )
}
