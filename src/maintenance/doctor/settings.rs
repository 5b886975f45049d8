//! Checks of the settings: their file, and the certificate that they name.

use std::net::ToSocketAddrs as _;

use super::{Context, Finding};
use crate::domain::{Timestamp, is_most_of_the_internet};
use crate::maintenance::shell::{self, command};

/// Checks that the settings file, if there is one, can be read.
pub fn file(context: &Context<'_>) -> Finding {
    match context.file {
        Ok(Some(file)) => Finding::ok(file.display().to_string()),
        Ok(None) => Finding::ok("no settings file: flags, environment variables and defaults apply"),
        Err(error) => Finding::wrong(
            format!("{error}; the other checks ignore the file"),
            format!(
                "correct the file, then see the settings with \"{}\"",
                command("config show", context.data)
            ),
        ),
    }
}

/// Checks that the certificate and its key can be served, and that the certificate is valid for some time.
pub fn certificate(context: &Context<'_>) -> Finding {
    let files = match &context.tls {
        Err(error) => {
            return Finding::wrong(error.to_string(), "set both tls-cert and tls-key, or neither");
        }
        Ok(None) => return Finding::ok("none: plain HTTP, to put behind a proxy with TLS"),
        Ok(Some(files)) => files,
    };
    let path = files.certificate.display().to_string();
    match (context.certificate_end)(files) {
        Err(error) => Finding::wrong(
            error.to_string(),
            "set tls-cert and tls-key to files that the server's user can read",
        ),
        Ok(None) => Finding::warning(
            format!("{path} matches its key, but its expiry can't be read"),
            format!("openssl x509 -noout -enddate -in {}", shell::path(&files.certificate)),
        ),
        Ok(Some(end)) => assess_end(&path, context.now, end, context.certificate_warn_days),
    }
}

/// Download links hold an address that customers reach, if others than this machine can reach the server.
pub fn public_url(context: &Context<'_>) -> Finding {
    if let Some(url) = context.public_url {
        return Finding::ok(format!("{url}: the base of download links and of the documents"));
    }
    let message = "none: download links name the host that each client calls";
    let mut addresses = context.listen.to_socket_addrs().into_iter().flatten();
    if addresses.any(|address| !address.ip().is_loopback()) {
        return Finding::warning(message, "set public-url to the address that customers use");
    }
    Finding::ok(message)
}

/// No network of strangers is trusted to name the addresses of clients.
pub fn trusted_proxies(context: &Context<'_>) -> Finding {
    let list = |networks: &mut dyn Iterator<Item = String>| networks.collect::<Vec<_>>().join(", ");
    let mut proxies = context.trusted_proxies.iter();
    let wide = list(
        &mut proxies.clone().filter(|network| is_most_of_the_internet(network)).map(ToString::to_string),
    );
    if !wide.is_empty() {
        return Finding::warning(
            format!(
                "{wide}: anyone can send X-Forwarded-For, and so have any address, past limits and blocks"
            ),
            "set trusted-proxy to the addresses of your proxies only",
        );
    }
    match list(&mut proxies.by_ref().map(ToString::to_string)) {
        none if none.is_empty() => Finding::ok("none: X-Forwarded-For is ignored"),
        some => Finding::ok(format!("{some}: their X-Forwarded-For is believed")),
    }
}

fn assess_end(path: &str, now: Timestamp, end: Timestamp, warn_days: i64) -> Finding {
    const NEXT: &str = "renew it; a running server reloads it by itself";
    if end < now {
        Finding::wrong(format!("{path} expired at {end}: clients refuse it"), NEXT)
    } else if end < now.plus_days(warn_days) {
        Finding::warning(format!("{path} expires at {end}"), NEXT)
    } else {
        Finding::ok(format!("{path} matches its key and expires at {end}"))
    }
}
