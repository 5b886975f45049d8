//! IP networks, as allow-lists, blocklists and trusted proxies name them.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// The text is neither an address nor a network.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an address or a network: write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32")]
pub struct ParseNetworkError(String);

/// Accepts a network in CIDR notation, or a single address. An IPv4-mapped IPv6 network becomes an IPv4 network,
/// because the addresses of clients are converted in the same way.
pub fn parse_network(text: &str) -> Result<IpNet, ParseNetworkError> {
    let text = text.trim();
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map(|network| to_canonical(network).trunc()).map_err(|_| ParseNetworkError(text.to_owned()))
}

/// Whether a network is so wide that it holds strangers, such as `0.0.0.0/0`: wider than the largest that one
/// organization uses on its own.
pub fn is_most_of_the_internet(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.prefix_len() < 8,
        IpNet::V6(network) => network.prefix_len() < 7,
    }
}

/// Whether an address is in one of the networks.
pub fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

fn to_canonical(network: IpNet) -> IpNet {
    match (network.addr().to_canonical(), network.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(prefix_len)) if matches!(network, IpNet::V6(_)) => {
            Ipv4Net::new(address, prefix_len).map_or(network, IpNet::V4)
        }
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_network_holds_its_address_and_reads_back_as_itself(
            address in any::<IpAddr>(),
            prefix_len in 0..=128_u8,
        ) {
            let prefix_len = if address.is_ipv4() { prefix_len.min(32) } else { prefix_len };
            let network = parse_network(&format!("{address}/{prefix_len}")).unwrap();
            prop_assert!(network.contains(&address.to_canonical()) || network.contains(&address));
            prop_assert_eq!(parse_network(&network.to_string()), Ok(network));
        }

        #[test]
        fn any_text_is_a_network_or_refused(text in any::<String>()) {
            if let Ok(network) = parse_network(&text) {
                prop_assert_eq!(parse_network(&network.to_string()), Ok(network));
            }
        }
    }

    #[test]
    fn networks_have_one_normal_form() {
        for (text, normal) in [
            (" 203.0.113.7 ", "203.0.113.7/32"),
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("2001:DB8::7/32", "2001:db8::/32"),
            ("::ffff:127.0.0.1", "127.0.0.1/32"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), normal);
        }
    }

    #[test]
    fn a_network_that_holds_strangers_is_known() {
        for (text, expected) in [
            ("0.0.0.0/0", true),
            ("::/0", true),
            ("0.0.0.0/1", true),
            ("2000::/3", true),
            ("::ffff:0.0.0.0/96", true),
            ("10.0.0.0/8", false),
            ("fc00::/7", false),
            ("127.0.0.1", false),
        ] {
            assert_eq!(is_most_of_the_internet(&parse_network(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "300.1.1.1", "10.0.0.0/33", "example.com", "10.0.0.1:80"] {
            assert!(parse_network(text).is_err(), "{text}");
        }
    }
}
