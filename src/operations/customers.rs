//! Corrects the owner of all licenses of a customer. Nothing that the owner has on them ends.

use super::Operation;
use super::nearest::{MAX_FOUND, MIN_LIKENESS, most_alike};
use crate::domain::{Customer, License, LicenseChange, fold_owner};
use crate::store::{Error, Tx};

/// The number of licenses that are changed in one transaction: other changes wait for it.
pub const CUSTOMER_SLICE: i64 = 200;

/// How many addresses are compared when a customer is not found.
const COMPARED: i64 = 1000;

/// A correction of a customer; `None` keeps what he has.
#[derive(Clone, Debug)]
pub struct CustomerChange {
    /// An empty text removes the name.
    pub name: Option<String>,
    pub email: Option<String>,
}

impl Operation<'_> {
    /// Corrects the owner of the next [`CUSTOMER_SLICE`] licenses of a customer whose ids are higher than `after`.
    /// Ends no activation, and deletes no metadata: the owner is the same person. Returns the highest id and how many
    /// were changed; `None`: there are no more.
    pub fn correct_customer(
        &self,
        folded_email: &str,
        change: &CustomerChange,
        after: i64,
    ) -> Result<Option<(i64, usize)>, Error> {
        let licenses = self.tx.licenses_of_customer(folded_email, after, CUSTOMER_SLICE)?;
        let Some(last) = licenses.last().map(|license| license.id) else { return Ok(None) };
        for license in &licenses {
            self.correct_owner(license, change)?;
        }
        Ok(Some((last, licenses.len())))
    }

    fn correct_owner(&self, license: &License, change: &CustomerChange) -> Result<(), Error> {
        let change = LicenseChange {
            owner_name: change.name.clone(),
            owner_email: change.email.clone(),
            ..LicenseChange::default()
        };
        self.change(license, change)?;
        Ok(())
    }
}

/// The customer with this e-mail address in any case; else the addresses that were probably meant: those that are most
/// like it, and those of customers with a name that begins so.
pub fn find_customer(tx: &Tx<'_>, email: &str) -> Result<Result<Customer, Vec<String>>, Error> {
    let folded = fold_owner(email);
    if let Some(customer) = tx.customer(&folded)? {
        return Ok(Ok(customer));
    }
    if folded.is_empty() {
        return Ok(Err(Vec::new()));
    }
    // The first characters are taken to be right: the addresses that begin so are next to each other in the index.
    let start: String = folded.chars().take(2).collect();
    let beside = tx.customers_beginning_with(&start, COMPARED)?;
    let mut found = most_alike(beside, |other| likeness(&folded, other));
    for other in tx.customers_named(&folded, COMPARED)? {
        if found.len() < MAX_FOUND && !found.contains(&other) {
            found.push(other);
        }
    }
    Ok(Err(found))
}

/// How alike two addresses are. One that begins with the other was cut.
fn likeness(one: &str, other: &str) -> f64 {
    let similarity = strsim::normalized_damerau_levenshtein(one, other);
    if other.starts_with(one) { similarity.max(MIN_LIKENESS) } else { similarity }
}
