//! The blocklist: addresses, domains and identifiers whose requests are answered with "Access denied".

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use idna::AsciiDenyList;
use ipnet::IpNet;

use super::{Identifier, ParseNameError, ParseNetworkError, parse_network};

/// One entry of the blocklist (API §2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Ip(IpNet),
    /// A domain in IDNA's ASCII form and lower case, without scheme, port, path or surrounding dots.
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
    #[error(
        "\"{0}\" is not a domain, because of the {1:?}: write one domain, such as example.com, which also blocks all \
         of its subdomains"
    )]
    Character(String, char),
    #[error("this identifier can't be blocked: {0}")]
    Identifier(#[from] ParseNameError),
}

impl Block {
    /// Accepts an address, or a network in CIDR notation.
    pub fn parse_ip(text: &str) -> Result<Self, ParseBlockError> {
        Ok(Self::Ip(parse_network(text)?))
    }

    /// Accepts a domain, also as `*.domain`, or a URL or `host:port` that contains one. Names with letters outside
    /// ASCII and their `xn--` forms are the same.
    pub fn parse_domain(text: &str) -> Result<Self, ParseBlockError> {
        let host = host_of(text);
        let host = host.strip_prefix("*.").unwrap_or(host).trim_matches('.');
        if let Some(character) = host.chars().find(|character| NOT_IN_A_HOST.contains(*character)) {
            return Err(ParseBlockError::Character(text.trim().to_owned(), character));
        }
        let domain = ascii_host(host);
        domain.map(Self::Domain).ok_or_else(|| ParseBlockError::Domain(text.trim().to_owned()))
    }

    /// A domain out of the database. Earlier versions stored other forms than [`Self::parse_domain`] makes, and text
    /// that is no domain, which still blocks what it equals.
    pub fn stored_domain(text: String) -> Self {
        Self::parse_domain(&text).unwrap_or(Self::Domain(text))
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

/// The visible ASCII characters that no host name contains, and the space. An underscore is in some.
const NOT_IN_A_HOST: &str = " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~";

/// The characters that separate the labels of a host name in IDNA.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// A host name in IDNA's ASCII form, lower case, without surrounding dots; `None`: it is none.
fn ascii_host(host: &str) -> Option<String> {
    let denied = const { AsciiDenyList::new(true, NOT_IN_A_HOST) };
    let ascii = idna::domain_to_ascii_cow(host.as_bytes(), denied).ok()?;
    // Other characters count as dots in IDNA too.
    let host = ascii.trim_matches('.');
    let is_host = !host.is_empty() && host.len() <= 253 && !host.contains("..");
    is_host.then(|| host.to_owned())
}

/// The host in a URL or a `host:port`, without surrounding dots.
fn host_of(text: &str) -> &str {
    let text = text.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next().unwrap_or(text);
    let text = text.rsplit_once('@').map_or(text, |(_, host)| host);
    text.split(':').next().unwrap_or(text).trim_matches('.')
}

/// A lower-case host as blocked domains are written. Text that is no host stays as it is.
fn comparable(host: &str) -> Cow<'_, str> {
    if host.is_ascii() && !host.contains("xn--") {
        return Cow::Borrowed(host);
    }
    ascii_host(host).map_or(Cow::Borrowed(host), Cow::Owned)
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
        self.block_of(identifier).is_some()
    }

    /// The entry that blocks the identifier.
    pub fn block_of(&self, identifier: &str) -> Option<Block> {
        if self.identifiers.is_empty() && self.domains.is_empty() {
            return None;
        }
        let identifier = identifier.trim().to_ascii_lowercase();
        if self.identifiers.contains(&identifier) {
            return Some(Block::Identifier(identifier));
        }
        let host = host_of(&identifier);
        let parents = host.match_indices(DOTS).filter_map(|(at, dot)| host.get(at + dot.len()..));
        // Each name is converted by itself: a label that can't be converted must not hide the domains that it is in.
        let names = std::iter::once(host).chain(parents).map(comparable);
        let domain = names.into_iter().find_map(|name| self.domains.get(name.as_ref()));
        domain.cloned().map(Block::Domain)
    }
}

#[cfg(test)]
mod tests;
