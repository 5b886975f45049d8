//! `keyseal customer …`: the licenses of one e-mail address.

mod change;
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
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::List(args) => list::list(args, data, output),
        Command::Show { email } => list::show(email, data, output),
        Command::Rename(args) => change::rename(args, data, output),
        Command::Merge { from, into } => change::merge(from, into, data, output),
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
