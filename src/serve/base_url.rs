//! The server's address in download links where the operator has given none: the host that the client called.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::HOST;

use crate::api::call::PublicUrl;
use crate::config::Config;

/// The longest name in the domain name system, in bytes.
const MAX_NAME: usize = 253;

/// The address that a request was sent to.
pub struct Called<'a> {
    pub request: &'a HttpRequest,
    pub config: &'a Config,
    /// Whether the peer is a trusted proxy.
    pub is_proxied: bool,
}

impl PublicUrl for Called<'_> {
    fn public_url(&self) -> Cow<'_, str> {
        let called = of(self.request, self.config, self.is_proxied);
        called.map_or_else(|| self.config.public_url(), Cow::Owned)
    }
}

/// `http://HOST` as the client called this server. `None`: the operator has given a public URL, or the client has
/// named no host that can be one. `is_proxied`: the peer is a trusted proxy, which may name the host and the scheme.
fn of(request: &HttpRequest, config: &Config, is_proxied: bool) -> Option<String> {
    if config.pages.public_url.is_some() {
        return None;
    }
    let forwarded = |name| if is_proxied { last(request, name) } else { None };
    let host = forwarded("x-forwarded-host").filter(|host| is_host(host)).or_else(|| own_host(request))?;
    let own_scheme = if config.http.tls.is_some() { "https" } else { "http" };
    let scheme = match forwarded("x-forwarded-proto") {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => "http",
        _ => own_scheme,
    };
    Some(format!("{scheme}://{host}"))
}

/// The `Host` header; over HTTP/2 the authority.
fn own_host(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| request.uri().authority().map(|host| host.as_str())).filter(|host| is_host(host))
}

/// The last value of a list in a header: the one that the proxy nearest to this server has added.
fn last<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let value = request.headers().get_all(name).next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

/// Whether a text is a name or an address, with or without a port, and nothing else. Everybody can send any text as
/// the host, so whatever could end the host in a URL is refused.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let has_good_port = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    has_good_port && address.map_or_else(|| is_name(host), |address| address.parse::<Ipv6Addr>().is_ok())
}

/// Whether a text is a name or an IPv4 address. Only digits and dots must be a whole IPv4 address.
fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_plain)
    };
    let is_numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    host.len() <= MAX_NAME
        && host.split('.').all(is_label)
        && (!is_numeric || host.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn base_url(headers: &[(&'static str, &str)], is_proxied: bool) -> Option<String> {
        let request =
            headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
        of(&request.to_http_request(), &Config::local("nowhere"), is_proxied)
    }

    #[test]
    fn links_name_the_host_that_was_called() {
        for host in [
            "licenses.example.com",
            "shop.example:8443",
            "127.0.0.1:9201",
            "[::1]:80",
            "[2001:db8::7]",
            "localhost",
        ] {
            assert_eq!(base_url(&[("host", host)], false).unwrap(), format!("http://{host}"));
        }
        assert_eq!(base_url(&[], false), None);
    }

    #[test]
    fn a_hostile_host_is_no_host() {
        for host in [
            "",
            " ",
            "a b",
            "a/b",
            "a@b",
            "a?b",
            "a#b",
            "a\\b",
            "a%2fb",
            "a\"b",
            "<a>",
            "a'b",
            "a,b",
            "é.example",
            "a:b",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:1:2",
            "::1",
            "[::1",
            "[::1]x",
            "[x]",
            "[]",
            ".",
            "a..b",
            ".a",
            "1.2.3",
            "256.1.1.1",
            "1.2.3.4.5",
            "http://a",
            "a\u{7f}",
        ] {
            assert!(!is_host(host), "{host:?}");
        }
        assert!(!is_host(&"a.".repeat(200)) && !is_host(&"a".repeat(64)));
    }

    #[test]
    fn only_a_trusted_proxy_names_the_host_and_the_scheme() {
        let headers = [
            ("host", "inner:8080"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "x.example, b.example"),
        ];
        assert_eq!(base_url(&headers, false).unwrap(), "http://inner:8080");
        assert_eq!(base_url(&headers, true).unwrap(), "https://b.example");
        let odd = [("host", "inner"), ("x-forwarded-proto", "javascript"), ("x-forwarded-host", "a/b")];
        assert_eq!(base_url(&odd, true).unwrap(), "http://inner");
    }

    #[test]
    fn a_public_url_takes_precedence() {
        let mut config = Config::local("nowhere");
        config.pages.public_url = Some("https://keys.example".to_owned());
        let request = TestRequest::default().insert_header(("host", "other")).to_http_request();
        assert_eq!(of(&request, &config, true), None);
    }
}
