//! What the log says at start of settings that work, but seldom as they are meant.

use std::net::SocketAddr;

use crate::config::Config;
use crate::domain::is_most_of_the_internet;

/// Warns of keys that are readable on their way, of links whose host a client chooses, and of proxies that are trusted
/// too widely. `address`: the one that the server listens on.
pub fn at_start(config: &Config, address: SocketAddr) {
    let is_public = !address.ip().is_loopback();
    if is_public && config.http.tls.is_none() && config.http.trusted_proxies.is_empty() {
        log::warn!(
            "plain HTTP on {address}: anyone on the network path can read API keys; give --tls-cert and --tls-key, or \
             name the proxy that terminates TLS with --trusted-proxy"
        );
    }
    if is_public && config.pages.public_url.is_none() {
        log::warn!(
            "no public URL: download links name the host that each client calls, and the documents {}; give \
             --public-url, such as https://licenses.example.com",
            config.pages.own_url
        );
    }
    for network in config.http.trusted_proxies.iter().filter(|network| is_most_of_the_internet(network)) {
        log::warn!(
            "--trusted-proxy {network} trusts strangers: anyone can send X-Forwarded-For and so have any address, past \
             rate limits, blocks and allowed networks; name only the addresses of your proxies"
        );
    }
}
