//! `keyseal customer rename` and `merge`.

use serde_json::json;

use super::existing;
use crate::cli::license::owner;
use crate::cli::{Output, Result, change, open, operation};
use crate::domain::fold_owner;
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::operations::{CustomerChange, give_way};
use crate::store::Store;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("changes").required(true).multiple(true))]
pub struct RenameArgs {
    /// E-mail address, in any case
    email: String,
    /// Name; empty to remove it
    #[arg(long, group = "changes")]
    name: Option<String>,
    /// New e-mail address
    #[arg(long = "email", value_name = "EMAIL", group = "changes")]
    new_email: Option<String>,
}

pub fn rename(args: &RenameArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let correction = CustomerChange {
        name: owner("--name", args.name.as_deref())?,
        email: owner("--email", args.new_email.as_deref())?,
    };
    if correction.email.as_ref().is_some_and(String::is_empty) {
        return Err(
            "--email: it is empty: to remove a customer's data, see \"keyseal customer erase\"".into()
        );
    }
    let store = open(data)?;
    let customer = store.try_read(|tx| existing(tx, &args.email))?;
    if let Some(email) = &correction.email {
        let folded = fold_owner(email);
        let taken = folded != customer.folded_email && store.try_read(|tx| tx.customer(&folded))?.is_some();
        if taken {
            return Err(format!(
                "{email} is a customer already: if it is the same person, run \"keyseal customer merge {} {email}\"",
                customer.email
            )
            .into());
        }
    }
    let now_called = correction.email.clone().unwrap_or_else(|| customer.email.clone());
    let changed = correct(&store, data, &customer.folded_email, &correction)?;
    output.result(
        &json!({ "email": now_called, "name": correction.name.or(customer.name), "licenses": changed }),
        &format!("{now_called} is corrected on {}", number(changed, "license", "licenses")),
    )
}

pub fn merge(from: &str, into: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let store = open(data)?;
    let (from, into) =
        store.try_read(|tx| -> Result<_> { Ok((existing(tx, from)?, existing(tx, into)?)) })?;
    if from.folded_email == into.folded_email {
        return Err(format!("both are the customer {}: give two", into.email).into());
    }
    let correction = CustomerChange { name: into.name.clone(), email: Some(into.email.clone()) };
    let changed = correct(&store, data, &from.folded_email, &correction)?;
    output.result(
        &json!({ "from": from.email, "into": into.email, "licenses": changed }),
        &format!("{} of {} now belong to {}", number(changed, "license", "licenses"), from.email, into.email),
    )
}

/// Corrects the customer's licenses in slices, so that other changes get their turn. Returns how many there were.
fn correct(store: &Store, data: &DataDir, folded_email: &str, correction: &CustomerChange) -> Result<usize> {
    let (mut after, mut changed) = (0, 0);
    loop {
        let (of, correction) = (folded_email.to_owned(), correction.clone());
        let slice = change(store, move |tx| Ok(operation(tx).correct_customer(&of, &correction, after)?));
        match slice {
            Ok(None) => return Ok(changed),
            Ok(Some((last, count))) => {
                (after, changed) = (last, changed + count);
                give_way(data)?;
            }
            Err(error) if changed == 0 => return Err(error),
            Err(error) => {
                let changed = number(changed, "license is", "licenses are");
                return Err(format!("{error}: {changed} corrected so far; run it again").into());
            }
        }
    }
}
