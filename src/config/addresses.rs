//! Checks of the addresses and URLs that an operator gives, made before anything is opened.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

/// Checks `HOST:PORT`. The host is an IPv4 address, an IPv6 address in brackets, or a name, which is resolved later.
pub fn host_and_port(text: &str) -> Result<String, String> {
    const EXPECTED: &str = "give an address and a port, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080";
    if text.contains("://") {
        return Err(format!("{EXPECTED}, without a scheme"));
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "the address is missing: give 127.0.0.1:{text} for this machine only, or 0.0.0.0:{text} for all interfaces"
        ));
    }
    if text.parse::<SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("{EXPECTED}; the port is missing"));
    };
    if port.parse::<u16>().is_err() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{EXPECTED}; a port is a number up to 65535"));
    }
    if !is_name(host) {
        return Err(EXPECTED.to_owned());
    }
    Ok(text.to_owned())
}

/// Whether a text can be a host name or an IPv4 address. Only digits and dots must be a valid IPv4 address.
fn is_name(host: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    !host.is_empty() && host.bytes().all(is_plain) && (!is_numeric || host.parse::<Ipv4Addr>().is_ok())
}

/// Checks a base URL, to which paths are appended.
pub fn public_url(text: &str) -> Result<String, String> {
    let expected = |what: &str| Err(format!("{what}: give one such as https://licenses.example.com"));
    let Ok(url) = Url::parse(text) else {
        return expected("not a URL");
    };
    // The parser ignores some spaces and control characters, but the text would keep them.
    if !["http", "https"].contains(&url.scheme()) || text.chars().any(|c| c.is_control() || c == ' ') {
        return expected("not an http or https URL");
    }
    // The parser accepts "https:name" too.
    let has_authority = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    if !has_authority || url.host_str().is_none_or(str::is_empty) {
        return expected("the host is missing");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("paths are appended to it, so it can't have a query (?) or a fragment (#)".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it is public, so it can't have a user name or a password".to_owned());
    }
    Ok(text.to_owned())
}

/// Checks the origin of web pages, and writes it as browsers do in the `Origin` header.
pub fn origin(text: &str) -> Result<String, String> {
    const EXPECTED: &str = "give a scheme and a host such as https://app.example.com";
    if text.trim() == "*" {
        return Err(format!("it would allow every page on the internet: {EXPECTED}"));
    }
    let url = Url::parse(text).map_err(|_| EXPECTED.to_owned())?;
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "*?#@".contains(c);
    let Some(host) = url.host_str().filter(|host| !host.is_empty() && !text.contains(is_odd)) else {
        return Err(EXPECTED.to_owned());
    };
    if !["", "/"].contains(&url.path()) {
        return Err(format!("an origin has no path: {EXPECTED}"));
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_is_a_host_and_a_port() {
        for right in
            ["127.0.0.1:8080", "0.0.0.0:0", "[::1]:80", "[::]:65535", "localhost:1", "a-b.example.com:8080"]
        {
            assert_eq!(host_and_port(right), Ok(right.to_owned()));
        }
        for wrong in [
            "",
            "8080",
            "127.0.0.1",
            ":8080",
            "http://127.0.0.1:8080",
            "127.0.0.1:99999",
            "127.0.0.1:",
            "::1:80",
            "127.0.0.1:+80",
            "localhost",
            "1.2.3:80",
            "256.1.1.1:80",
            "a b:80",
            "a/b:80",
            "[::1]",
            "[x]:80",
            "name:http",
        ] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for (text, expected) in [
            ("https://app.example.com", "https://app.example.com"),
            ("HTTPS://App.Example.com/", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("https://müller.example", "https://xn--mller-kva.example"),
            ("tauri://localhost", "tauri://localhost"),
        ] {
            assert_eq!(origin(text).as_deref(), Ok(expected), "{text}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://",
            "https://*.example.com",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://a b",
            " https://a",
            "file:///x",
            "data:x",
            "https://a,https://b",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_url_has_a_scheme_a_host_and_nothing_behind_its_path() {
        for right in [
            "https://a.example.com",
            "http://127.0.0.1:8080",
            "https://example.com/licenses/",
            "http://[::1]:1",
        ] {
            assert_eq!(public_url(right), Ok(right.to_owned()));
        }
        for wrong in [
            "",
            "foo.example.com",
            "foo.example.com:8080",
            "ftp://x",
            "https://",
            "https:///x",
            "https:x",
            "https://x?y",
            "https://x/#y",
            "https://u:p@x",
            "https://u@x",
            "https://x y",
            " https://x",
            "https://x:99999",
        ] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }
}
