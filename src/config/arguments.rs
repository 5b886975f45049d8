//! The settings as clap arguments: flag, environment variable, default, check and help of each.

use std::path::PathBuf;

use ipnet::IpNet;

use super::activity::ActivityArgs;
use super::addresses::{host_and_port, origin, public_url};
use super::storage::StorageArgs;
use crate::domain::{Rate, RateLimits, parse_network};
use crate::files::DataDir;

/// The heading in the help of the options that every command takes.
pub const GLOBAL_OPTIONS: &str = "Global options";

/// The locations of the data directory and of the settings file.
#[derive(Clone, Debug, clap::Args)]
pub struct DataArg {
    /// Data directory: database, signing keys and downloads. "keyseal demo" makes a temporary one unless this is given
    #[arg(long = "data", env = "KEYSEAL_DATA", value_name = "DIR", global = true, help_heading = GLOBAL_OPTIONS)]
    path: Option<PathBuf>,

    /// Settings file, in TOML. Flags and environment variables override it
    #[arg(long, env = "KEYSEAL_CONFIG", value_name = "FILE", global = true, help_heading = GLOBAL_OPTIONS)]
    pub(super) config: Option<PathBuf>,
}

impl DataArg {
    /// The data directory, by default `data`.
    pub fn dir(&self) -> DataDir {
        self.named_dir().unwrap_or_else(|| DataDir::new("data"))
    }

    /// The data directory, if one was named.
    pub fn named_dir(&self) -> Option<DataDir> {
        self.path.as_ref().map(DataDir::new)
    }
}

/// The format of the log.
#[derive(Clone, Debug, clap::Args)]
pub struct LogArg {
    /// Format of the log on standard error: text for people, json for one JSON object per line
    #[arg(
        long = "log-format",
        env = "KEYSEAL_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        global = true,
        help_heading = GLOBAL_OPTIONS
    )]
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The settings of a server. Taken by `serve` and `demo`, and by the commands that inspect how a server is set up.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct ServeArgs {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(
        long, env = "KEYSEAL_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080",
        value_parser = host_and_port
    )]
    pub listen: String,

    /// Certificate for HTTPS: a PEM file with the server's own certificate first, then those that signed it. Reloaded
    /// when the file changes
    #[arg(long, env = "KEYSEAL_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of the certificate: a PEM file that only its owner, and at most one group, can read. Reloaded when
    /// the file changes
    #[arg(long, env = "KEYSEAL_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// HTTP status of API-key refusals (100 to 103, 150): 200 like every other answer (envelope), or 401 and 403
    /// (documented)
    #[arg(long, env = "KEYSEAL_HTTP_STATUS", value_name = "MODE", default_value = "envelope")]
    pub http_status: HttpStatusArg,

    /// Network of a proxy whose X-Forwarded-For header is trusted. Repeatable, or a list with commas
    #[arg(
        long = "trusted-proxy", env = "KEYSEAL_TRUSTED_PROXIES", value_name = "NETWORK",
        value_delimiter = ',', value_parser = parse_network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// Origin of web pages that may call the API from a browser: scheme and host. Repeatable, or a list with commas
    #[arg(
        long = "allow-origin", env = "KEYSEAL_ALLOW_ORIGINS", value_name = "ORIGIN",
        value_delimiter = ',', value_parser = origin
    )]
    pub allowed_origins: Vec<String>,

    /// Seconds for which an idle connection stays open. More than your proxy keeps its own
    #[arg(
        long, env = "KEYSEAL_KEEP_ALIVE", value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub keep_alive: Option<u64>,

    /// Threads that answer requests, and as many more that sign
    #[arg(long, env = "KEYSEAL_WORKERS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// Base URL of the server as customers reach it, for download links and documents
    #[arg(long, env = "KEYSEAL_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub public_url: Option<String>,

    /// Disable the public changelogs of all products
    #[arg(long, env = "KEYSEAL_NO_CHANGELOG")]
    pub no_changelog: bool,

    /// Disable /docs, /openapi.json and /postman.json
    #[arg(long, env = "KEYSEAL_NO_DOCS")]
    pub no_docs: bool,

    /// Allow webhooks to this machine and to private networks
    #[arg(long, env = "KEYSEAL_ALLOW_PRIVATE_TARGETS")]
    pub allow_private_targets: bool,

    /// Disable signing: every signature is the text "Private key not set". For tests of clients only
    #[arg(long, env = "KEYSEAL_UNSIGNED")]
    pub unsigned: bool,

    /// Seconds a client has to send a request body. A slower one is answered and disconnected
    #[arg(
        long, env = "KEYSEAL_BODY_TIMEOUT", value_name = "SECONDS", default_value = "8",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub body_timeout: u64,

    /// Seconds in which a client has to take 64 KB of an answer. In four times that it has to take a whole one, files
    /// aside. A slower one is disconnected
    #[arg(
        long, env = "KEYSEAL_SEND_TIMEOUT", value_name = "SECONDS", default_value = "30",
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub send_timeout: u64,

    #[command(flatten)]
    pub rate_limits: RateLimitArgs,

    #[command(flatten)]
    pub storage: StorageArgs,

    #[command(flatten)]
    pub activity: ActivityArgs,

    /// Separate address and port for "GET /metrics", for Prometheus. No API key is needed there
    #[arg(long, env = "KEYSEAL_METRICS_LISTEN", value_name = "ADDRESS:PORT", value_parser = host_and_port)]
    pub metrics_listen: Option<String>,
}

/// The rate limits for clients.
#[derive(Clone, Debug, clap::Args)]
pub struct RateLimitArgs {
    /// Requests per second from one client address (IPv6: one /64 network), in bursts of up to twice as many. 0: no
    /// limit
    #[arg(
        long, env = "KEYSEAL_RATE_LIMIT_ADDRESS", value_name = "N", default_value = "500",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    pub rate_limit_address: u32,

    /// Requests per second under one API key, in bursts of up to twice as many. 0: no limit
    #[arg(
        long, env = "KEYSEAL_RATE_LIMIT_KEY", value_name = "N", default_value = "5000",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    pub rate_limit_key: u32,

    /// Wrong API keys and license keys per minute, together, from one client address. 0: no limit
    #[arg(
        long, env = "KEYSEAL_RATE_LIMIT_GUESSES", value_name = "N", default_value = "60",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    pub rate_limit_guesses: u32,

    /// Disable rate limits
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

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum HttpStatusArg {
    Envelope,
    Documented,
}
