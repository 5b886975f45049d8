//! `keyseal license create`: creates a license.

use uuid::Uuid;

use super::{Status, existing, new_license_key, new_owner, summary, to_json};
use crate::cli::product::reference;
use crate::cli::{Output, Result, change, now, open};
use crate::domain::{LicenseStatus, NewLicense, Timestamp, parse_activation_limit, parse_validity};
use crate::files::DataDir;

#[derive(clap::Args)]
pub struct CreateArgs {
    /// Product: its id, UUID, slug or name
    #[arg(long, value_name = "PRODUCT")]
    product: String,
    /// License key [default: a new UUID]
    #[arg(long)]
    key: Option<String>,
    /// Initial status
    #[arg(long, default_value = "available")]
    status: Status,
    /// Identifiers that may be active at once; 0: no limit
    #[arg(
        long,
        value_name = "N",
        default_value = "0",
        value_parser = parse_activation_limit,
        allow_negative_numbers = true
    )]
    activation_limit: i64,
    /// Days from assignment until it expires; 0: never
    #[arg(
        long,
        value_name = "DAYS",
        default_value = "0",
        value_parser = parse_validity,
        allow_negative_numbers = true
    )]
    validity: i64,
    /// Time of the assignment, in UTC [default: now, if the status is assigned]
    #[arg(long, value_name = "YYYY-MM-DD HH:MM:SS", value_parser = Timestamp::parse)]
    assigned_at: Option<Timestamp>,
    /// Owner's name
    #[arg(long, value_name = "NAME")]
    owner_name: Option<String>,
    /// Owner's email address
    #[arg(long, value_name = "EMAIL")]
    owner_email: Option<String>,
}

pub fn create(args: &CreateArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = args.key.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let status = LicenseStatus::from(args.status);
    let license = NewLicense {
        product_id: reference::id(data, &args.product)?,
        license_key: new_license_key(&key)?,
        owner_name: new_owner("--owner-name", args.owner_name.as_deref())?,
        owner_email: new_owner("--owner-email", args.owner_email.as_deref())?,
        activation_limit: args.activation_limit,
        validity: args.validity,
        assigned_at: status.assigned_at(args.assigned_at, now()),
        status,
        contract_id: None,
    };
    let license = change(&open(data)?, move |tx| {
        reference::by_id(tx, license.product_id)?;
        tx.add_license(&license, now())?
            .ok_or_else(|| format!("license key {} exists already", license.license_key))?;
        existing(tx, &license.license_key)
    })?;
    output.result(&to_json(&license), &format!("license key {}\n{}", license.license_key, summary(&license)))
}
