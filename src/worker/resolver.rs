//! Resolves the host names of webhooks, and refuses private addresses: the owner of a name decides what it
//! resolves to.

use std::net::IpAddr;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::domain::is_public;

/// Resolves each name once. The client connects to the addresses that were checked, so a second, different answer
/// of the name server can't bypass the check.
#[derive(Debug)]
pub struct CheckedResolver {
    system: DefaultResolver,
    allow_private: bool,
}

/// One of the addresses of a name is not public.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a public address: webhooks to it need --allow-private-targets")]
pub struct PrivateTarget(IpAddr);

impl CheckedResolver {
    pub fn new(allow_private: bool) -> Self {
        Self { system: DefaultResolver::default(), allow_private }
    }
}

impl Resolver for CheckedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.system.resolve(uri, config, timeout)?;
        match addresses.iter().map(|address| address.ip()).find(|address| !is_public(*address)) {
            Some(address) if !self.allow_private => Err(ureq::Error::Other(Box::new(PrivateTarget(address)))),
            _ => Ok(addresses),
        }
    }
}
