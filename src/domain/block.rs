//! The blocklist: addresses, domains and identifiers whose requests are answered with "Access denied".

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Identifier, ParseNameError, ParseNetworkError, parse_network};

/// One entry of the blocklist (API §2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Ip(IpNet),
    /// A domain in lower case, without scheme, port, path or surrounding dots.
    Domain(String),
    /// An identifier in lower case.
    Identifier(String),
}

/// A text can't be put on the blocklist.
#[derive(Debug, thiserror::Error)]
pub enum ParseBlockError {
    #[error(transparent)]
    Ip(#[from] ParseNetworkError),
    #[error("\"{0}\" is not a domain: write example.com, which also blocks all of its subdomains")]
    Domain(String),
    #[error("this identifier can't be blocked: {0}")]
    Identifier(#[from] ParseNameError),
}

impl Block {
    /// Accepts an address, or a network in CIDR notation.
    pub fn parse_ip(text: &str) -> Result<Self, ParseBlockError> {
        Ok(Self::Ip(parse_network(text)?))
    }

    /// Accepts a domain, or a URL or `host:port` that contains one.
    pub fn parse_domain(text: &str) -> Result<Self, ParseBlockError> {
        let domain = host_of(&text.to_ascii_lowercase()).to_owned();
        let is_domain = !domain.is_empty() && domain.len() <= 253 && !domain.contains(char::is_whitespace);
        if is_domain {
            Ok(Self::Domain(domain))
        } else {
            Err(ParseBlockError::Domain(text.trim().to_owned()))
        }
    }

    /// Accepts an identifier as a client sends it.
    pub fn parse_identifier(text: &str) -> Result<Self, ParseBlockError> {
        Ok(Self::Identifier(Identifier::parse(text)?.as_str().to_ascii_lowercase()))
    }

    /// The name of this kind of entry, in the database and on the command line.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ip(_) => "ip",
            Self::Domain(_) => "domain",
            Self::Identifier(_) => "identifier",
        }
    }

    /// The blocked value in its normal form.
    pub fn value(&self) -> String {
        match self {
            Self::Ip(network) => network.to_string(),
            Self::Domain(value) | Self::Identifier(value) => value.clone(),
        }
    }
}

/// The host in a URL or a `host:port`, without surrounding dots.
fn host_of(text: &str) -> &str {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next().unwrap_or(text);
    let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
    text.split(':').next().unwrap_or(text).trim_matches('.')
}

/// All entries, indexed so that a check takes a few look-ups whatever the length of the list.
#[derive(Debug, Default)]
pub struct Blocklist {
    /// Networks by prefix length: an address is blocked if the set for some length contains the address truncated
    /// to that length.
    networks: HashMap<u8, HashSet<IpNet>>,
    domains: HashSet<String>,
    identifiers: HashSet<String>,
}

impl Blocklist {
    pub fn new(blocks: impl IntoIterator<Item = Block>) -> Self {
        let mut list = Self::default();
        for block in blocks {
            match block {
                Block::Ip(network) => {
                    list.networks.entry(network.prefix_len()).or_default().insert(network);
                }
                Block::Domain(domain) => {
                    list.domains.insert(domain);
                }
                Block::Identifier(identifier) => {
                    list.identifiers.insert(identifier);
                }
            }
        }
        list
    }

    /// Whether the client's address is in a blocked network.
    pub fn blocks_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|(prefix_len, networks)| {
            IpNet::new(address, *prefix_len).is_ok_and(|network| networks.contains(&network.trunc()))
        })
    }

    /// Whether the identifier is blocked, or its host is a blocked domain or a subdomain of one.
    pub fn blocks_identifier(&self, identifier: &str) -> bool {
        if self.identifiers.is_empty() && self.domains.is_empty() {
            return false;
        }
        let identifier = identifier.trim().to_ascii_lowercase();
        self.identifiers.contains(&identifier) || self.blocks_host(host_of(&identifier))
    }

    fn blocks_host(&self, host: &str) -> bool {
        let parents = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
        std::iter::once(host).chain(parents).any(|name| self.domains.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_blocked_domain_is_blocked_however_it_is_written(
            domain in "[a-zA-Z0-9-]{1,12}(\\.[a-zA-Z0-9-]{1,12}){0,3}", sub in "[a-z0-9-]{1,8}", port in any::<u16>(),
        ) {
            let list = Blocklist::new([Block::parse_domain(&domain).unwrap()]);
            let (upper, lower) = (domain.to_uppercase(), domain.to_lowercase());
            let spellings = [
                domain.clone(), format!(" {upper}. "), format!("{lower}:{port}"),
                format!("https://user@{domain}/a?b#c"),
                format!("{sub}.{upper}"),
            ];
            for spelling in spellings {
                prop_assert!(list.blocks_identifier(&spelling), "{}", spelling);
            }
            let other = format!("{sub}{domain}");
            prop_assert!(!list.blocks_identifier(&other), "{}", other);
        }

        #[test]
        fn any_text_is_a_block_that_reads_back_as_itself_or_refused(text in any::<String>()) {
            for block in [Block::parse_domain(&text), Block::parse_identifier(&text)].into_iter().flatten() {
                let value = block.value();
                let again = if block.kind() == "domain" {
                    Block::parse_domain(&value)
                } else {
                    Block::parse_identifier(&value)
                };
                prop_assert_eq!(again.unwrap(), block);
            }
        }
    }

    fn list() -> Blocklist {
        Blocklist::new([
            Block::parse_ip("203.0.113.0/24").unwrap(),
            Block::parse_ip("2001:db8::/32").unwrap(),
            Block::parse_ip("198.51.100.7").unwrap(),
            Block::parse_domain("https://Pirate.Example:8080/x").unwrap(),
            Block::parse_identifier("HWID-1").unwrap(),
        ])
    }

    #[test]
    fn an_address_is_blocked_by_itself_or_its_network() {
        for (address, blocked) in [
            ("203.0.113.9", true),
            ("198.51.100.7", true),
            ("198.51.100.8", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(list().blocks_address(address.parse().unwrap()), blocked, "{address}");
        }
    }

    #[test]
    fn a_domain_blocks_itself_and_what_lies_under_it() {
        for (identifier, blocked) in [
            ("pirate.example", true),
            ("PIRATE.example:443", true),
            ("https://www.pirate.example/shop?x", true),
            ("notpirate.example", false),
            ("pirate.example.org", false),
            (" hwid-1 ", true),
            ("hwid-10", false),
        ] {
            assert_eq!(list().blocks_identifier(identifier), blocked, "{identifier}");
        }
    }

    #[test]
    fn what_cannot_be_blocked_is_refused() {
        assert!(Block::parse_ip("300.1.1.1").is_err());
        assert!(Block::parse_domain(" . ").is_err());
        assert!(Block::parse_identifier(" ").is_err());
    }
}
