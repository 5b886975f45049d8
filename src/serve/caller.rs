//! The caller of a request: its address, its API key in a header, the time.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use ipnet::IpNet;

use super::activity::Answered;
use super::app::App;
use crate::domain::{ApiKeySecret, CallerId, Timestamp, contains};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The facts about a request that are known before its body is read.
pub struct Caller {
    pub arrived: Instant,
    /// Identifies the request in the log and in a header of the answer.
    pub request_id: String,
    /// The time of the request. All of its changes and its answer have this time.
    pub now: Timestamp,
    pub method: Method,
    pub address: IpAddr,
    /// Whether the peer is a trusted proxy, which may name the host and the scheme.
    pub is_proxied: bool,
    /// Whether the address itself is that of a trusted proxy, which stands for many clients.
    pub is_proxy: bool,
    /// The API key of a header: `Authorization: Bearer` before `X-API-Key` (API §2.1).
    pub secret: Option<ApiKeySecret>,
    /// The owner of the key that the request has, once that is found, even if the request is refused.
    pub known_as: Cell<Option<CallerId>>,
    /// The `Idempotency-Key` header.
    pub idempotency_key: Option<String>,
}

impl Caller {
    pub fn of(request: &HttpRequest, app: &App) -> Self {
        let Origin { peer, is_proxied, client } = Origin::of(request, &app.config.http.trusted_proxies);
        if !is_proxied && request.headers().contains_key(FORWARDED_FOR) {
            app.forwarders.note(peer);
        }
        Self {
            arrived: Instant::now(),
            request_id: app.request_ids.of(request),
            now: app.clock.now(),
            method: request.method().clone(),
            address: client,
            is_proxied,
            is_proxy: is_proxied && contains(&app.config.http.trusted_proxies, client),
            secret: secret(request),
            known_as: Cell::new(None),
            idempotency_key: header(request, "idempotency-key").map(str::to_owned),
        }
    }
}

impl Caller {
    /// What is remembered of this caller's request. `code`: that of the answer, or the HTTP status of one without a
    /// code.
    pub fn answered(&self, endpoint: &'static str, code: u16) -> Answered {
        Answered { endpoint, code, at: self.now, address: self.address, caller: self.known_as.get() }
    }

    /// The address whose answers are limited together.
    pub fn limited_address(&self) -> Option<IpAddr> {
        (!self.is_proxy).then_some(self.address)
    }

    /// The method as it is logged: one of a fixed list, since no text of the caller's is logged.
    pub fn method_name(&self) -> &str {
        let known = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::HEAD,
            Method::OPTIONS,
        ];
        if known.contains(&self.method) { self.method.as_str() } else { "(other)" }
    }
}

/// The two addresses that a request comes from.
struct Origin {
    /// The one at the other end of the connection.
    peer: IpAddr,
    /// Whether the peer is a trusted proxy.
    is_proxied: bool,
    /// The peer's, or behind a trusted proxy the one that the proxy names.
    client: IpAddr,
}

impl Origin {
    fn of(request: &HttpRequest, trusted_proxies: &[IpNet]) -> Self {
        let peer = peer(request);
        let is_proxied = contains(trusted_proxies, peer);
        let client = if is_proxied { forwarded(request, peer, trusted_proxies) } else { peer };
        Self { peer, is_proxied, client }
    }
}

fn peer(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

/// The client's address behind trusted proxies: the last hop in `X-Forwarded-For` that isn't one of them. An
/// IPv4-mapped IPv6 address becomes the IPv4 address.
fn forwarded(request: &HttpRequest, proxy: IpAddr, trusted_proxies: &[IpNet]) -> IpAddr {
    let headers: Vec<_> = request.headers().get_all(FORWARDED_FOR).collect();
    let mut client = proxy;
    // Split as bytes: an odd character in one hop must not hide the others.
    for hop in headers.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).rev() {
        // Hops before one that is no address can't be trusted.
        let Some(hop) = parse_hop(hop) else { break };
        client = hop.to_canonical();
        if !contains(trusted_proxies, client) {
            break;
        }
    }
    client
}

/// Parses an address, which some proxies write with a port: `203.0.113.9:4711`, `[2001:db8::1]:4711`.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn secret(request: &HttpRequest) -> Option<ApiKeySecret> {
    let bearer = header(request, AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| ApiKeySecret::parse(token))?
    });
    bearer.or_else(|| ApiKeySecret::parse(header(request, "x-api-key")?))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn address_of(peer: &str, forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        for value in forwarded {
            request = request.append_header(("X-Forwarded-For", *value));
        }
        Origin::of(&request.to_http_request(), &proxies).client.to_string()
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        assert_eq!(address_of("192.0.2.1:1", &["203.0.113.5"]), "192.0.2.1");
        assert_eq!(address_of("10.0.0.1:1", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(address_of("10.0.0.1:1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_last_untrusted_hop_is_the_client() {
        assert_eq!(address_of("10.0.0.1:1", &["1.2.3.4, 203.0.113.5, 10.9.9.9"]), "203.0.113.5");
        assert_eq!(address_of("10.0.0.1:1", &["1.2.3.4", "203.0.113.5", "10.9.9.9"]), "203.0.113.5");
        assert_eq!(address_of("10.0.0.1:1", &["1.2.3.4, nonsense, 10.9.9.9"]), "10.9.9.9");
        assert_eq!(address_of("10.0.0.1:1", &["é, 203.0.113.5"]), "203.0.113.5");
        assert_eq!(address_of("10.0.0.1:1", &["203.0.113.5:4711"]), "203.0.113.5");
        assert_eq!(address_of("10.0.0.1:1", &["[2001:db9::7]:4711, 10.9.9.9:1"]), "2001:db9::7");
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address() {
        assert_eq!(address_of("[::ffff:192.0.2.1]:1", &[]), "192.0.2.1");
        assert_eq!(address_of("[2001:db8::1]:1", &["::ffff:203.0.113.5"]), "203.0.113.5");
    }

    #[test]
    fn bearer_takes_precedence_and_blank_keys_are_skipped() {
        let secret_of = |headers: &[(&'static str, &str)]| {
            let request =
                headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
            secret(&request.to_http_request()).map(|secret| secret.expose().to_owned())
        };
        assert_eq!(secret_of(&[("X-API-Key", "x"), ("Authorization", "bearer b")]).unwrap(), "b");
        assert_eq!(secret_of(&[("X-API-Key", "x"), ("Authorization", "Bearer  ")]).unwrap(), "x");
        assert_eq!(secret_of(&[("X-API-Key", " "), ("Authorization", "Basic abc")]), None);
    }
}
