//! `keyseal license assign`.

use super::{existing, license_key, new_owner, summary, to_json};
use crate::cli::{Output, Result, change, open, operation};
use crate::files::DataDir;

pub fn assign(
    key: &str,
    owner_name: Option<&str>,
    owner_email: Option<&str>,
    data: &DataDir,
    output: &mut Output<'_>,
) -> Result {
    let key = license_key(key)?;
    let owner_name = new_owner("--owner-name", owner_name)?;
    let owner_email = new_owner("--owner-email", owner_email)?;
    let license = change(&open(data)?, move |tx| {
        let license = existing(tx, &key)?;
        if !license.is_assignable() {
            return Err(format!(
                "license key {key} is {}: only an available or reserved license can be assigned",
                license.status.as_str()
            )
            .into());
        }
        Ok(operation(tx).assign(&license, owner_name.as_deref(), owner_email.as_deref())?)
    })?;
    output.result(
        &to_json(&license),
        &format!("license key {} is assigned\n{}", license.license_key, summary(&license)),
    )
}
