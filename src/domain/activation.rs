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

/// Seconds that the last-seen time of an activation stays as it is.
pub const SEEN_ANEW_AFTER: u32 = 3600;

/// An activation, with the last time at which a request for it passed the license gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastSeen {
    pub activation_id: i64,
    pub at: Option<Timestamp>,
}

impl LastSeen {
    /// Whether a request at this time changes the last-seen time: at most one in an hour does.
    pub fn changes_at(self, now: Timestamp) -> bool {
        self.at.is_none_or(|at| at.0.abs_diff(now.0) >= u64::from(SEEN_ANEW_AFTER))
    }
}

/// Whether a license with this activation limit and this many active identifiers can have one more. A limit of
/// 0 or less means no limit (API §3.4).
pub fn has_free_seat(activation_limit: i64, active: i64) -> bool {
    activation_limit <= 0 || active < activation_limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact_and_zero_is_none() {
        assert!(has_free_seat(3, 2));
        assert!(!has_free_seat(3, 3));
        assert!(has_free_seat(0, 1_000_000));
        assert!(has_free_seat(-1, 1_000_000));
    }

    #[test]
    fn the_last_seen_time_changes_at_most_once_an_hour() {
        let changes = |at, now| LastSeen { activation_id: 1, at }.changes_at(Timestamp(now));
        assert!(changes(None, 10_000));
        assert!(!changes(Some(Timestamp(10_000)), 13_599) && changes(Some(Timestamp(10_000)), 13_600));
        // A clock that is set back.
        assert!(!changes(Some(Timestamp(10_000)), 9_000) && changes(Some(Timestamp(10_000)), 6_400));
    }
}
