//! `keyseal license update` and `delete`.

use serde_json::json;

use super::{Status, existing, license_key, summary, to_json};
use crate::cli::{Output, Result, change, open, operation};
use crate::domain::{LicenseChange, MAX_LICENSE_NUMBER};
use crate::files::DataDir;
use crate::operations::Changed;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true))]
pub struct UpdateArgs {
    /// License key
    key: String,
    /// New status
    #[arg(long, group = "changes")]
    status: Option<Status>,
    /// Identifiers that may be active at once; 0: no limit. Active ones stay active
    #[arg(
        long, value_name = "N", group = "changes",
        value_parser = clap::value_parser!(i64).range(0..=MAX_LICENSE_NUMBER)
    )]
    activation_limit: Option<i64>,
    /// Days from assignment until it expires; 0: never
    #[arg(
        long, value_name = "DAYS", group = "changes",
        value_parser = clap::value_parser!(i64).range(0..=MAX_LICENSE_NUMBER)
    )]
    validity: Option<i64>,
    /// Owner's name; empty to remove it
    #[arg(long, value_name = "NAME", group = "changes")]
    owner_name: Option<String>,
    /// Owner's email address; empty to remove it
    #[arg(long, value_name = "EMAIL", group = "changes")]
    owner_email: Option<String>,
}

pub fn update(args: &UpdateArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let trimmed = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_owned());
    let changes = LicenseChange {
        status: args.status.map(Into::into),
        activation_limit: args.activation_limit,
        validity: args.validity,
        owner_name: trimmed(&args.owner_name),
        owner_email: trimmed(&args.owner_email),
        ..LicenseChange::default()
    };
    let Changed { license, ended } =
        change(&open(data)?, move |tx| Ok(operation(tx).change(&existing(tx, &key)?, changes.clone())?))?;
    if !ended.is_empty() {
        output.note(&format!("note: {ended}, because the license lost its owner"));
    }
    output.result(
        &to_json(&license),
        &format!("license key {} is changed\n{}", license.license_key, summary(&license)),
    )
}

pub fn delete(key: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(key)?;
    let license = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        operation(tx).delete(&license)?;
        Ok(license)
    })?;
    let value = json!({ "id": license.id, "license_key": license.license_key, "deleted": true });
    output.result(&value, &format!("license key {} is deleted", license.license_key))
}
