//! The flags and variables that are settings: what a command can be told of how to run.

use std::path::PathBuf;

use ipnet::IpNet;

use super::addresses::{host_and_port, public_url};
use super::{File, TlsFiles, Wrong};
use crate::domain::{Rate, RateLimits, parse_network};
use crate::files::DataDir;

/// Where the files are: every command takes this.
#[derive(Clone, Debug, clap::Args)]
pub struct DataArg {
    /// The directory with the database and the signing keys [default: data; for demo: a temporary one]
    #[arg(long = "data", env = "KEYSEAL_DATA", value_name = "DIR", global = true)]
    path: Option<PathBuf>,

    /// The file with the settings that no flag or variable gives [default: keyseal.toml in the data directory]
    #[arg(long, env = "KEYSEAL_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl DataArg {
    /// The file with the settings, if there is one. `data`: the data directory in which it is looked for
    /// unless one is named.
    pub fn file(&self, data: Option<&DataDir>) -> Result<Option<File>, Wrong> {
        match (&self.config, data) {
            (Some(path), _) => File::named(path).map(Some),
            (None, Some(data)) => File::of_data(data.path()),
            (None, None) => Ok(None),
        }
    }

    pub fn dir(&self) -> DataDir {
        self.given().unwrap_or_else(|| DataDir::new("data"))
    }

    /// The directory, unless nobody named one.
    pub fn given(&self) -> Option<DataDir> {
        self.path.as_ref().map(DataDir::new)
    }
}

/// What the log looks like: every command takes this.
#[derive(Clone, Debug, clap::Args)]
pub struct LogArg {
    /// What the log on standard error looks like: lines for people, or one JSON object a line
    #[arg(
        long = "log-format",
        env = "KEYSEAL_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        global = true
    )]
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// How to serve: what `serve` and `demo` take, and whatever looks at how it is served.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct ServeArgs {
    /// The address and port to listen on; port 0 takes any free one
    #[arg(long, env = "KEYSEAL_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = host_and_port)]
    pub listen: String,

    /// Serve HTTPS with this certificate: PEM, the server's own first, then those that signed it. Read again
    /// when the file changes
    #[arg(long, env = "KEYSEAL_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key: PEM, readable by its owner, and a group at most. Read again when the file changes
    #[arg(long, env = "KEYSEAL_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// How API-key refusals (100 to 103, 150) travel: under HTTP 200 as every other answer, or as the original
    /// documents them, under 401 and 403
    #[arg(long, env = "KEYSEAL_HTTP_STATUS", value_name = "MODE", default_value = "envelope")]
    pub http_status: HttpStatusArg,

    /// A proxy whose X-Forwarded-For is believed; can be given more than once, or as a list with commas
    #[arg(long = "trusted-proxy", env = "KEYSEAL_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',', value_parser = parse_network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Threads that answer requests, and as many that sign [default: one for each processor]
    #[arg(long, env = "KEYSEAL_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// The server's address as its customers reach it, for download links and documents: http:// or https://
    /// and a host [default: the one it listens on]
    #[arg(long, env = "KEYSEAL_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,

    /// Show no changelogs, whatever the products say
    #[arg(long, env = "KEYSEAL_NO_CHANGELOG")]
    pub no_changelog: bool,

    /// Serve no documents for integrators: /docs, /openapi.json and /postman.json aren't there
    #[arg(long, env = "KEYSEAL_NO_DOCS")]
    pub no_docs: bool,

    /// Send callbacks to addresses of this machine and of private networks too
    #[arg(long, env = "KEYSEAL_ALLOW_PRIVATE_TARGETS")]
    pub allow_private_targets: bool,

    /// Sign nothing: every signature is the text "Private key not set", as the original's without a key. For
    /// tests of clients only
    #[arg(long, env = "KEYSEAL_UNSIGNED")]
    pub unsigned: bool,

    /// Seconds that a client has to send a request's body; one that is slower is answered, and its connection
    /// ended within a second
    #[arg(long, env = "KEYSEAL_BODY_TIMEOUT", value_name = "SECONDS", default_value = "8", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub body_timeout: u64,

    /// Seconds that a client may leave an answer untaken; then its connection is ended (on Linux)
    #[arg(long, env = "KEYSEAL_SEND_TIMEOUT", value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub send_timeout: u64,

    #[command(flatten)]
    pub rate_limits: RateLimitArgs,

    /// An address and port of its own for "GET /metrics", for Prometheus; who can reach it needs no key [default: none]
    #[arg(long, env = "KEYSEAL_METRICS_LISTEN", value_name = "ADDRESS:PORT", value_parser = host_and_port)]
    pub metrics_listen: Option<String>,
}

/// How much is too much.
#[derive(Clone, Debug, clap::Args)]
pub struct RateLimitArgs {
    /// Requests a second from one client address, or IPv6 network of 64 bits; twice as many at once. 0: any number
    #[arg(long, env = "KEYSEAL_RATE_LIMIT_ADDRESS", value_name = "N", default_value = "500", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub rate_limit_address: u32,

    /// Requests a second under one API key; twice as many at once. 0: any number
    #[arg(long, env = "KEYSEAL_RATE_LIMIT_KEY", value_name = "N", default_value = "5000", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub rate_limit_key: u32,

    /// Wrong keys a minute from one client address, API keys and license keys together; as many at once. 0: any number
    #[arg(long, env = "KEYSEAL_RATE_LIMIT_GUESSES", value_name = "N", default_value = "60", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub rate_limit_guesses: u32,

    /// Refuse no request for being one too many
    #[arg(long, env = "KEYSEAL_NO_RATE_LIMIT")]
    pub no_rate_limit: bool,
}

impl RateLimitArgs {
    pub(super) fn limits(&self) -> RateLimits {
        if self.no_rate_limit {
            return RateLimits::default();
        }
        RateLimits {
            address: Rate::per_second(self.rate_limit_address),
            api_key: Rate::per_second(self.rate_limit_key),
            guesses: Rate::per_minute(self.rate_limit_guesses),
        }
    }
}

impl ServeArgs {
    /// Both or neither: one alone would be a server that seems to speak HTTPS and doesn't.
    pub fn tls(&self) -> Result<Option<TlsFiles>, Wrong> {
        match (self.tls_cert.clone(), self.tls_key.clone()) {
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(Wrong("--tls-cert needs the certificate's key: give --tls-key too".to_owned()))
            }
            (None, Some(_)) => {
                Err(Wrong("--tls-key needs the key's certificate: give --tls-cert too".to_owned()))
            }
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum HttpStatusArg {
    Envelope,
    Documented,
}
