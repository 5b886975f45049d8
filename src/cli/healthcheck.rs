//! `keyseal healthcheck`: asks a running server whether it is ready. For container runtimes that probe with a command.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use serde_json::json;

use super::{Output, Result};
use crate::config::ServeArgs;

/// The time limit for the request.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(clap::Args)]
pub struct Args {
    /// Address of the server: a URL, or HOST:PORT for HTTP, or for HTTPS with --tls-cert
    /// [default: where it is set to listen]
    url: Option<String>,

    #[command(flatten)]
    serve: ServeArgs,
}

/// Hides the flags of "serve" in the help, but for `--listen`. They are accepted, so that a probe can repeat
/// the server's flags.
pub fn show_own(arg: clap::Arg) -> clap::Arg {
    let hidden = arg.get_env().is_some() && !arg.is_global_set() && arg.get_long() != Some("listen");
    arg.hide(hidden)
}

pub fn run(args: &Args, output: &mut Output<'_>) -> Result {
    let scheme = if args.serve.tls_cert.is_some() { "https" } else { "http" };
    let url = match &args.url {
        Some(url) => asked(url, scheme),
        None => format!("{scheme}://{}/readyz", reachable(&args.serve.listen)?),
    };
    // Never through a proxy that the environment names.
    let config = ureq::Agent::config_builder().proxy(None).max_redirects(0).timeout_global(Some(TIMEOUT));
    // Certificates are made for a name, and this asks by address. The answer is no secret.
    let config = config.tls_config(ureq::tls::TlsConfig::builder().disable_verification(true).build());
    let agent: ureq::Agent = config.http_status_as_error(false).build().into();
    let status = match agent.get(&url).call() {
        Ok(response) => response.status().as_u16(),
        Err(error) => {
            // A server with TLS closes a plain-text connection, but answers HTTPS.
            let secure = url.strip_prefix("http://").map(|rest| format!("https://{rest}"));
            let hint = match secure.filter(|secure| agent.get(secure).call().is_ok()) {
                Some(_) => "; it speaks HTTPS: give https://…, or --tls-cert as for the server",
                None => "",
            };
            return Err(format!("no answer from {url}: {error}{hint}").into());
        }
    };
    if status != 200 {
        return Err(format!("not ready: {url} answers {status}; see the log of the server").into());
    }
    output.result(&json!({ "url": url, "ready": true }), "ready")
}

/// The URL to ask. The address may be given with or without scheme, trailing slash and path.
fn asked(url: &str, scheme: &str) -> String {
    let url = if url.contains("://") { url.to_owned() } else { format!("{scheme}://{url}") };
    let base = url.trim_end_matches('/');
    format!("{}/readyz", base.strip_suffix("/readyz").unwrap_or(base))
}

/// The address by which this machine reaches a server that listens on `listen`.
fn reachable(listen: &str) -> Result<String> {
    // A host name is resolved by the HTTP client.
    let Ok(address) = listen.parse::<SocketAddr>() else { return Ok(listen.to_owned()) };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    match address.port() {
        0 => Err(
            "the server listens on any free port: give the address that it printed, such as http://127.0.0.1:12345"
                .into(),
        ),
        port => Ok(SocketAddr::new(ip, port).to_string()),
    }
}
