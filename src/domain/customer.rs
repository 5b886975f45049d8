//! Customers: the licenses of one e-mail address. No record of their own: a customer exists while a license names him.

use super::Timestamp;

/// The owner of licenses, who is known by his e-mail address in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The address, as the newest license has it.
    pub email: String,
    /// The address as customers are ordered and found by.
    pub folded_email: String,
    /// The name, as the newest license that has one has it.
    pub name: Option<String>,
    pub licenses: i64,
    /// The number of activations of all licenses.
    pub seats: i64,
    /// The products of the licenses, by id.
    pub products: Vec<CustomerProduct>,
    /// The last time that a request passed the license gate on one of the activations, or that one was activated.
    pub last_seen: Option<Timestamp>,
}

/// A product of which a customer has licenses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerProduct {
    pub id: i64,
    /// `None`: the product was deleted.
    pub name: Option<String>,
    pub licenses: i64,
}
