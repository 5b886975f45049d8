//! `keyseal customer …`: the licenses of one e-mail address.

mod change;
mod erase;
mod list;

use clap::Subcommand;

use crate::cli::{Output, Result};
use crate::domain::Customer;
use crate::files::DataDir;
use crate::operations::find_customer;
use crate::store::Tx;

#[derive(Subcommand)]
pub enum Command {
    /// List customers by e-mail address, with their licenses, seats and products
    #[command(after_help = "Example:\n  keyseal customer list --limit 50 --after zoe@shop.example")]
    List(list::ListArgs),
    /// Show a customer and his licenses
    #[command(after_help = "Example:\n  keyseal customer show zoe@shop.example")]
    Show {
        /// E-mail address, in any case
        email: String,
    },
    /// Correct the name or the e-mail address of a customer, on all of his licenses
    ///
    /// A correction: it is the same person, who keeps his activations and metadata. To give a license to somebody else,
    /// see "keyseal license update".
    #[command(after_help = "Example:\n  keyseal customer rename zoe@shop.example --email zoe@new.example")]
    Rename(change::RenameArgs),
    /// Make two e-mail addresses of one person one customer
    ///
    /// The licenses of FROM get the e-mail address and the name of INTO. Activations and metadata stay.
    #[command(after_help = "Example:\n  keyseal customer merge zoe@old.example zoe@shop.example")]
    Merge {
        /// E-mail address that is given up
        from: String,
        /// E-mail address that stays
        into: String,
    },
    /// Erase all that is stored of a customer, for the GDPR
    ///
    /// Licenses and activations stay, and go on working: only the owner is unknown. Erases the owner, note, order and
    /// metadata of his licenses; addresses and webhook URLs of their activations; what the audit trail, refusals,
    /// telemetry, webhooks and stored answers tell of him; and the address in every other text. Deletes the copies of
    /// the database from before upgrades. Works while the server runs, and can be interrupted and run again. Not
    /// reached: backups, and the files that others keep of the log, of exports and of webhooks.
    #[command(after_help = "Example:\n  keyseal customer erase --email zoe@shop.example --send-webhooks")]
    Erase(erase::EraseArgs),
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::List(args) => list::list(args, data, output),
        Command::Show { email } => list::show(email, data, output),
        Command::Rename(args) => change::rename(args, data, output),
        Command::Merge { from, into } => change::merge(from, into, data, output),
        Command::Erase(args) => erase::erase(args, data, output),
    }
}

/// The customer with this address. The error for an unknown one names those that are most like it.
fn existing(tx: &Tx<'_>, email: &str) -> Result<Customer> {
    let nearest = match find_customer(tx, email)? {
        Ok(customer) => return Ok(customer),
        Err(nearest) => nearest,
    };
    let nearest: Vec<String> = nearest.iter().map(|email| format!("\"{email}\"")).collect();
    let next = match nearest.as_slice() {
        [] => "see \"keyseal customer list\"".to_owned(),
        [only] => format!("did you mean {only}?"),
        several => format!("did you mean one of {}?", several.join(", ")),
    };
    Err(format!("customer \"{email}\" not found: {next}").into())
}
