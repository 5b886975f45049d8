//! Activations: the identifiers on which a license is active, and the limit on their number.

use std::net::IpAddr;

use super::{Identifier, Timestamp};

/// An activation to be created.
#[derive(Debug)]
pub struct NewActivation<'a> {
    pub license_id: i64,
    pub identifier: &'a Identifier,
    /// The client's address; `None`: activated on the command line.
    pub address: Option<IpAddr>,
    /// Receives a webhook when the activation ends without a request of its own client (API §6.2).
    pub post_url: Option<&'a str>,
}

/// An activation as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The identifier as it was sent, in its case.
    pub identifier: String,
    pub activated_at: Timestamp,
    /// The address from which it was activated; `None`: on the command line.
    pub address: Option<String>,
    /// The last time and address at which a request passed the license gate on the identifier, as far as is known.
    pub last_seen_at: Option<Timestamp>,
    pub last_address: Option<String>,
    pub post_url: Option<String>,
}

/// The activations of a license that are to end.
#[derive(Clone, Debug)]
pub enum Seats {
    /// The one on this identifier.
    On(Identifier),
    /// The one that has been active for longest.
    Oldest,
    All,
}

/// Whether a license with this activation limit and this many active identifiers can have one more. A limit of
/// 0 or less means no limit (API §3.4).
pub fn has_free_seat(activation_limit: i64, active: i64) -> bool {
    activation_limit <= 0 || active < activation_limit
}

#[cfg(test)]
mod tests {
    use super::has_free_seat;

    #[test]
    fn the_limit_is_exact_and_zero_is_none() {
        assert!(has_free_seat(3, 2));
        assert!(!has_free_seat(3, 3));
        assert!(has_free_seat(0, 1_000_000));
        assert!(has_free_seat(-1, 1_000_000));
    }
}
