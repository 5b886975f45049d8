//! Targets of webhooks: which URLs are accepted, and which addresses the server connects to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The longest URL of a webhook, in bytes. Every web server accepts a request line of this length.
pub const MAX_URL: usize = 2048;

/// The host and port of a URL. Messages with the same target go to one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

/// A URL is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("the URL is longer than {MAX_URL} bytes")]
    TooLong,
    #[error("the URL is not an http or https URL")]
    NotHttp,
}

impl Target {
    /// Accepts an http or https URL of at most [`MAX_URL`] bytes.
    pub fn of_url(url: &str) -> Result<Self, BadUrl> {
        if url.len() > MAX_URL {
            return Err(BadUrl::TooLong);
        }
        let (scheme, rest) = url.split_once("://").ok_or(BadUrl::NotHttp)?;
        let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let target = authority.rsplit('@').next().unwrap_or_default();
        if !is_http || target.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(BadUrl::NotHttp);
        }
        Ok(Self(target.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// IPv4 networks that are not the public internet.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 0, 8),       // this machine, unspecified
    v4(10, 0, 0, 0, 8),      // private
    v4(100, 64, 0, 0, 10),   // carrier-grade NAT
    v4(127, 0, 0, 0, 8),     // loopback
    v4(169, 254, 0, 0, 16),  // link-local, including the metadata services of clouds
    v4(172, 16, 0, 0, 12),   // private
    v4(192, 0, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 0, 24),    // documentation
    v4(192, 88, 99, 0, 24),  // 6to4 relays
    v4(192, 168, 0, 0, 16),  // private
    v4(198, 18, 0, 0, 15),   // benchmarking
    v4(198, 51, 100, 0, 24), // documentation
    v4(203, 0, 113, 0, 24),  // documentation
    v4(224, 0, 0, 0, 4),     // multicast
    v4(240, 0, 0, 0, 4),     // reserved, broadcast
];

/// The public part of IPv6, and the networks in it that are not public.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);
const NOT_PUBLIC_V6: [Ipv6Net; 3] = [
    v6(0x2001, 0, 0, 23), // protocol assignments, including tunnels with an unknown far end
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0x3fff, 0, 0, 20), // documentation
];

/// IPv6 networks whose addresses embed the IPv4 address that is actually connected to.
const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);

/// Whether an address is on the public internet. A URL that a client sends must not make the server connect to
/// any other.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => is_public(address.into()),
            None => {
                GLOBAL_V6.contains(&address)
                    && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&address))
            }
        },
    }
}

/// The IPv4 address that is embedded in an IPv6 address.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, second, third, _, _, _, seventh, eighth] = address.segments();
    let from = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    if MAPPED.contains(&address) || NAT64.contains(&address) {
        Some(from(seventh, eighth))
    } else if SIX_TO_FOUR.contains(&address) {
        Some(from(second, third))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_told_from_all_others() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::1.1.1.1",
            "100::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "3fff::1",
            "2001::7f00:1",
            "64:ff9b:1::1.1.1.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_target_is_the_host_and_port_of_an_http_url() {
        for (url, target) in [
            ("https://Shop.example/?keevault-webhook=s/x", "shop.example"),
            ("HTTP://shop.example:8080?x", "shop.example:8080"),
            ("http://user:p%40ss@shop.example#x", "shop.example"),
            ("http://[::1]:80/", "[::1]:80"),
        ] {
            assert_eq!(Target::of_url(url).unwrap().as_str(), target);
        }
        for url in [
            "",
            "shop.example",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "http://",
            "http:///x",
            "http://a b/",
            "http://a\r\nX: y",
        ] {
            assert_eq!(Target::of_url(url), Err(BadUrl::NotHttp), "{url}");
        }
        let long = |length: usize| format!("http://a/{}", "x".repeat(length - 9));
        assert!(Target::of_url(&long(2048)).is_ok());
        assert_eq!(Target::of_url(&long(2049)), Err(BadUrl::TooLong));
    }
}
