//! API keys: which capabilities they grant, and from which addresses.

use std::net::IpAddr;

use ipnet::IpNet;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::network::contains;
use super::{Capabilities, Timestamp};

/// An API key as it is stored, without its text (API §2).
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: i64,
    pub name: String,
    /// The first characters of the key, by which people recognise it.
    pub prefix: String,
    pub capabilities: Capabilities,
    /// The networks from which the key may be used; empty: any (API §2.3).
    pub allow_ips: Vec<IpNet>,
    pub active: bool,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// A text that an API key had before it was replaced, without the text itself.
#[derive(Clone, Debug)]
pub struct FormerApiKey {
    pub id: i64,
    /// The API key that had it.
    pub api_key_id: i64,
    /// The first characters of the text.
    pub prefix: String,
    /// The second from which on it is refused.
    pub valid_until: Timestamp,
    /// The last use since it was replaced.
    pub last_used_at: Option<Timestamp>,
}

impl FormerApiKey {
    /// Whether the text is accepted at this time.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        now < self.valid_until
    }
}

/// A change to an API key; `None` keeps the current value.
#[derive(Clone, Debug, Default)]
pub struct ApiKeyChange {
    pub name: Option<String>,
    pub capabilities: Option<Capabilities>,
    /// The networks from which it may be used; empty: any.
    pub allow_ips: Option<Vec<IpNet>>,
}

impl ApiKey {
    /// Whether the key may call every endpoint now.
    pub fn is_full(&self) -> bool {
        self.active && self.capabilities.are_all()
    }

    /// Whether a client at this address may use the key.
    pub fn allows_address(&self, address: IpAddr) -> bool {
        self.allow_ips.is_empty() || contains(&self.allow_ips, address)
    }
}

/// The text of an API key. It has no `Debug` and no `Display`, so that it can't be printed by mistake, and its
/// memory is wiped when it is dropped.
pub struct ApiKeySecret(Zeroizing<String>);

impl ApiKeySecret {
    /// Accepts any text that isn't blank, and trims it. The text is opaque: no format is required.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// A new key in the format that v1 clients expect.
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(Zeroizing::new(uuid.to_string()))
    }

    /// The SHA-256 under which the key is stored and looked up. A key has 122 random bits, so a slow password hash
    /// would add no security.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The first eight characters, to recognise the key by in lists.
    pub fn prefix(&self) -> String {
        self.0.chars().take(8).collect()
    }

    /// The text itself: to show it once to its owner, to write it into download links, and to look up a contract
    /// whose key was sent in place of an API key.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_its_hash_and_known_by_its_beginning() {
        let secret = ApiKeySecret::parse(" 2964c3c9-0b5d-4d89-b3ac-4668f30bc492 ").unwrap();
        assert_eq!(secret.hash(), ApiKeySecret::parse(secret.expose()).unwrap().hash());
        assert_eq!(secret.prefix(), "2964c3c9");
        assert!(ApiKeySecret::parse(" \t").is_none());
    }

    #[test]
    fn an_empty_allow_list_allows_any_address_and_a_network_only_its_own() {
        let mut key = ApiKey {
            id: 1,
            name: "n".to_owned(),
            prefix: String::new(),
            capabilities: Capabilities::from_stored("*".to_owned()),
            allow_ips: Vec::new(),
            active: true,
            created_at: Timestamp(0),
            last_used_at: None,
        };
        let inside = "10.1.2.3".parse().unwrap();
        assert!(key.allows_address(inside));
        key.allow_ips = vec!["10.1.0.0/16".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        assert!(key.allows_address(inside));
        assert!(key.allows_address("2001:db8::1".parse().unwrap()));
        assert!(!key.allows_address("10.2.0.1".parse().unwrap()));
    }
}
