//! `keyseal license update` and `delete`.

use serde_json::json;

use super::{Status, existing, license_key, notes, owner, summary, to_json_with};
use crate::cli::product::reference;
use crate::cli::{Output, Result, change, open, operation};
use crate::domain::{
    Belongings, LicenseChange, NotesChange, Timestamp, parse_activation_limit, parse_note,
    parse_order_reference, parse_validity,
};
use crate::files::DataDir;
use crate::operations::Changed;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true))]
pub struct UpdateArgs {
    /// License key
    key: String,
    /// Product that it moves to: its id, UUID, slug or name
    #[arg(long, value_name = "PRODUCT", group = "changes")]
    product: Option<String>,
    /// New status. With available or reserved, all that its owner had on it ends
    #[arg(long, group = "changes")]
    status: Option<Status>,
    /// Identifiers that may be active at once; 0: no limit. Active ones stay active
    #[arg(
        long, value_name = "N", group = "changes",
        value_parser = parse_activation_limit, allow_negative_numbers = true
    )]
    activation_limit: Option<i64>,
    /// Days from assignment until it expires; 0: never
    #[arg(
        long, value_name = "DAYS", group = "changes",
        value_parser = parse_validity, allow_negative_numbers = true
    )]
    validity: Option<i64>,
    /// Time of the assignment, in UTC
    #[arg(long, value_name = "YYYY-MM-DD HH:MM:SS", group = "changes", value_parser = Timestamp::parse)]
    assigned_at: Option<Timestamp>,
    /// Owner's name; empty to remove it
    #[arg(long, value_name = "NAME", group = "changes")]
    owner_name: Option<String>,
    /// Owner's email address; empty to remove it
    #[arg(long, value_name = "EMAIL", group = "changes")]
    owner_email: Option<String>,
    /// Note for yourself, of at most 4 KiB; empty to remove it
    #[arg(long, value_name = "TEXT", group = "changes")]
    note: Option<String>,
    /// Number of the order in your shop; empty to remove it
    #[arg(long, value_name = "TEXT", group = "changes")]
    order_reference: Option<String>,
}

#[derive(clap::Args)]
pub struct DeleteArgs {
    /// License key
    key: String,
}

pub fn update(args: &UpdateArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let changes = LicenseChange {
        status: args.status.map(Into::into),
        activation_limit: args.activation_limit,
        validity: args.validity,
        owner_name: owner("--owner-name", args.owner_name.as_deref())?,
        owner_email: owner("--owner-email", args.owner_email.as_deref())?,
        product_id: args.product.as_deref().map(|product| reference::id(data, product)).transpose()?,
        assigned_at: args.assigned_at,
    };
    let change_of_notes = NotesChange {
        note: notes::text("--note", args.note.as_deref(), parse_note)?,
        order_reference: notes::text(
            "--order-reference",
            args.order_reference.as_deref(),
            parse_order_reference,
        )?,
    };
    let (Changed { license, ended }, notes) = change(&open(data)?, move |tx| {
        if let Some(id) = changes.product_id {
            reference::by_id(tx, id)?;
        }
        let license = existing(tx, &key)?;
        let done = if changes.is_empty() {
            Changed { license, ended: Belongings::default() }
        } else {
            operation(tx).change(&license, changes.clone())?
        };
        let notes = operation(tx).change_notes(done.license.id, &change_of_notes)?;
        Ok((done, notes))
    })?;
    if !ended.is_empty() {
        output.note(&format!("note: {ended}, because the license lost its owner"));
    }
    let notes = [("note", notes.note.into()), ("order_reference", notes.order_reference.into())];
    output.result(
        &to_json_with(&license, notes),
        &format!("license key {} is changed\n{}", license.license_key, summary(&license)),
    )
}

pub fn delete(args: &DeleteArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let license = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        operation(tx).delete(&license)?;
        Ok(license)
    })?;
    let value = json!({ "id": license.id, "license_key": license.license_key, "deleted": true });
    output.result(&value, &format!("license key {} is deleted", license.license_key))
}
