//! Addresses as an operator gives them: refused, where they can't be meant, before anything is opened.

use std::net::{Ipv4Addr, SocketAddr};

use url::Url;

/// `HOST:PORT`, where the host is an address, an IPv6 address in brackets, or a name, which is looked up when
/// it is needed.
pub fn host_and_port(text: &str) -> Result<String, String> {
    const EXPECTED: &str = "it is an address and a port, as 127.0.0.1:8080, [::1]:8080 or localhost:8080";
    if text.contains("://") {
        return Err(format!("{EXPECTED}, without a scheme"));
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "it has no address: give 127.0.0.1:{text} for this machine alone, 0.0.0.0:{text} for all"
        ));
    }
    if text.parse::<SocketAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("{EXPECTED}; the port is missing"));
    };
    if port.parse::<u16>().is_err() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{EXPECTED}; the port is a number up to 65535"));
    }
    if !is_name(host) {
        return Err(EXPECTED.to_owned());
    }
    Ok(text.to_owned())
}

/// Whether it can be the name of a machine. Digits and dots alone are an IPv4 address, or a mistake.
fn is_name(host: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    !host.is_empty() && host.bytes().all(is_plain) && (!is_numeric || host.parse::<Ipv4Addr>().is_ok())
}

/// The address of a server as its customers reach it: paths are put behind it.
pub fn public_url(text: &str) -> Result<String, String> {
    let expected = |what: &str| Err(format!("{what}: it begins as https://licenses.example.com does"));
    let Ok(url) = Url::parse(text) else {
        return expected("it is no URL");
    };
    // The parser lets spaces and control characters pass that the text keeps.
    if !["http", "https"].contains(&url.scheme()) || text.chars().any(|c| c.is_control() || c == ' ') {
        return expected("it is no URL of http or https");
    }
    // "https:name" is one to the parser, and none to whoever reads it.
    let has_authority = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    if !has_authority || url.host_str().is_none_or(str::is_empty) {
        return expected("it has no host");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("paths are put behind it: it has no ? and no #".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("everybody sees it: it has no user name and no password".to_owned());
    }
    Ok(text.to_owned())
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
