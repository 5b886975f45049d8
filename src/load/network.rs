//! A client of the rate limits: an IPv4 address or an IPv6 /64 network.

use std::net::IpAddr;

/// An IPv4 address, or the 64 bits of an IPv6 address that a provider assigns to one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6(u64::try_from(address.to_bits() >> 64).unwrap_or_default()),
        }
    }
}
