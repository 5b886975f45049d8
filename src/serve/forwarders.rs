//! Notes the peers that send `X-Forwarded-For` without being trusted proxies: their customers all count as one.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How many peers get a line in the log. Anyone can send the header, so there must be an end to it.
const MAX_NOTED: usize = 32;

/// The peers that the log has named.
#[derive(Default)]
pub struct Forwarders(Mutex<BTreeSet<IpAddr>>);

impl Forwarders {
    /// Logs a peer the first time that it sends the header.
    pub fn note(&self, peer: IpAddr) {
        if self.is_new(peer) {
            log::warn!(
                "{peer} sends X-Forwarded-For but is not a trusted proxy, so the header is ignored: everyone who comes \
                 through it counts as the one address {peer}, for rate limits, blocks and allowed networks. If it is \
                 your proxy, give --trusted-proxy {peer}"
            );
        }
    }

    fn is_new(&self, peer: IpAddr) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.len() < MAX_NOTED && noted.insert(peer)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_peer_is_noted_once_and_only_so_many_are() {
        let forwarders = Forwarders::default();
        let peer = |last: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        assert!(forwarders.is_new(peer(1)) && !forwarders.is_new(peer(1)));
        let noted = (0..=255).filter(|last| forwarders.is_new(peer(*last))).count();
        assert_eq!(noted, MAX_NOTED - 1);
    }
}
