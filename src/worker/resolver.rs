//! Where a message is connected to: only to addresses that were checked, because who names a URL decides what
//! its name resolves to.

use std::net::IpAddr;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::domain::is_public;

/// Resolves a name once; what it gives is what is connected to, so there is no second answer that was not checked.
#[derive(Debug)]
pub struct CheckedResolver {
    system: DefaultResolver,
    allow_private: bool,
}

/// A name that leads, with any of its addresses, into this machine or its networks.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no public address, and is connected to only with --allow-private-targets")]
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
