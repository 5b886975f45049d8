//! `keyseal license block` and `unblock`.

use super::{existing, license_key, notes, summary, to_json_with};
use crate::cli::{Output, Result, change, open, operation};
use crate::domain::LicenseStatus;
use crate::files::DataDir;

/// Block a license: its customers are answered with 204
///
/// Its activations stay, and their webhooks are sent. It remembers its status, which "keyseal license unblock" gives
/// back. A license that is blocked already gets the new reason.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  keyseal license block 3a343c8a-38fe-4b6e-ad77-2222222 --reason \"charged back\""
)]
pub struct BlockArgs {
    /// License key
    key: String,
    /// Why, in at most 4 KiB. Only you see it
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Unblock a license: it gets back the status that it had before
///
/// Its activations are valid again. If its status before is not known, it becomes assigned if it has an owner, and
/// reserved if it has none.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  keyseal license unblock 3a343c8a-38fe-4b6e-ad77-2222222")]
pub struct UnblockArgs {
    /// License key
    key: String,
}

pub fn block(args: &BlockArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let reason = notes::block_reason(&args.reason, "the license is")?;
    let shown = reason.clone();
    let (before, license) = change(&open(data)?, move |tx| {
        let before = existing(tx, &key)?;
        let license = operation(tx).block(&before, &reason)?;
        Ok((before, license))
    })?;
    let was_blocked = before.status == LicenseStatus::Blocked;
    let value = to_json_with(
        &license,
        [("block_reason", shown.as_str().into()), ("was_blocked", was_blocked.into())],
    );
    let again = if was_blocked { "was blocked already, and is now" } else { "is blocked" };
    output.result(
        &value,
        &format!("license key {} {again}: {shown}\n{}", license.license_key, summary(&license)),
    )
}

pub fn unblock(args: &UnblockArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let license = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        if license.status != LicenseStatus::Blocked {
            let (key, status) = (&license.license_key, license.status.as_str());
            return Err(format!("license key {key} is not blocked: it is {status}").into());
        }
        Ok(operation(tx).unblock(&license)?)
    })?;
    let (key, status) = (&license.license_key, license.status.as_str());
    output.result(
        &to_json_with(&license, []),
        &format!("license key {key} is not blocked any more, and {status}\n{}", summary(&license)),
    )
}
