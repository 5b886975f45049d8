//! The configuration of one server, grouped by the part of it that reads each value.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use ipnet::IpNet;

use super::limits::LimitsConfig;
use super::storage::StorageConfig;
use super::{ActivityConfig, ConfigError, HttpStatusArg, ServeArgs};
use crate::domain::{DemoSecrets, HttpStatus, Timestamp};
use crate::files::DataDir;
use crate::random::Randomness;

/// Everything that a server is started with.
#[derive(Clone, Debug)]
pub struct Config {
    pub data: DataDir,
    /// Threads that answer requests, and as many that sign.
    pub workers: usize,
    /// Send the text "Private key not set" in place of every signature.
    pub unsigned: bool,
    pub http: HttpConfig,
    pub pages: PagesConfig,
    pub limits: LimitsConfig,
    pub storage: StorageConfig,
    pub activity: ActivityConfig,
    pub webhooks: WebhooksConfig,
    pub on_hangup: OnHangup,
    /// Milliseconds by which the server's clock is ahead of the machine's. Set by the demo and by tests only.
    pub clock_ahead: Arc<AtomicI64>,
    pub randomness: Randomness,
    /// The published secrets of the demo, which no other server may use.
    pub demo_secrets: DemoSecrets,
    /// `None` unless this server is a demo.
    pub demo: Option<DemoConfig>,
}

/// The address of the server, and the HTTP options of its answers.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    pub listen: String,
    /// A second address, for `GET /metrics` only.
    pub metrics_listen: Option<String>,
    /// `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Proxies whose `X-Forwarded-For` header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins of pages that may call the API from a browser.
    pub allowed_origins: Vec<String>,
    /// How long an idle connection stays open, if that is set.
    pub keep_alive: Option<Duration>,
    pub status: HttpStatus,
}

/// The settings of the server's own pages.
#[derive(Clone, Debug, Default)]
pub struct PagesConfig {
    /// The base of download links and of the documents, as the operator has given it.
    pub public_url: Option<String>,
    /// The base for documents without a public URL, and for links in answers to clients that name no host: the
    /// address that the server listens on. The server fills it in.
    pub own_url: String,
    pub no_changelog: bool,
    pub no_docs: bool,
}

/// How long an idle connection stays open: shorter than an attacker would like, and behind a proxy longer than the 60
/// seconds for which most proxies and balancers keep theirs, so that it is the proxy that ends it.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const KEEP_ALIVE_OF_PROXIES: Duration = Duration::from_secs(75);

impl HttpConfig {
    /// How long an idle connection stays open. The HTTP library knows one value for all connections.
    pub fn keep_alive(&self) -> Duration {
        let default = if self.trusted_proxies.is_empty() { KEEP_ALIVE } else { KEEP_ALIVE_OF_PROXIES };
        self.keep_alive.unwrap_or(default)
    }
}

impl PagesConfig {
    /// The base of the documents, and of links where the host that a client called is not known.
    pub fn base_url(&self) -> &str {
        self.public_url.as_deref().unwrap_or(&self.own_url)
    }
}

/// The delivery of webhooks: how often and how fast it is tried.
#[derive(Clone, Debug)]
pub struct WebhooksConfig {
    /// The delay before each attempt, counted from the one before it. After the last, the delivery has failed.
    pub delays: Vec<Duration>,
    /// The time limit for one attempt.
    pub timeout: Duration,
    pub allow_private_targets: bool,
}

/// The files of a server's certificate and of its private key.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// The effect of SIGHUP on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHangup {
    /// Read the global signing key and the certificate again.
    Reload,
    /// Stop: a demo ends with its terminal.
    Stop,
}

/// The settings of a demo: the time at which it starts, and endpoints that reset it.
#[derive(Clone, Debug, Default)]
pub struct DemoConfig {
    /// The time at the start, from which the clock runs on. `None`: the machine's time.
    pub clock: Option<Timestamp>,
}

impl Default for WebhooksConfig {
    /// Five attempts, as API §6.1 specifies.
    fn default() -> Self {
        Self {
            delays: vec![
                Duration::ZERO,
                Duration::from_mins(1),
                Duration::from_mins(5),
                Duration::from_mins(15),
                Duration::from_hours(1),
            ],
            timeout: Duration::from_secs(10),
            allow_private_targets: false,
        }
    }
}

impl Config {
    /// A server for `data` on a free port of this machine, with defaults and without rate limits.
    pub fn local(data: impl Into<PathBuf>) -> Self {
        Self {
            data: DataDir::new(data),
            workers: 2,
            unsigned: false,
            http: HttpConfig {
                listen: "127.0.0.1:0".to_owned(),
                metrics_listen: None,
                tls: None,
                trusted_proxies: Vec::new(),
                allowed_origins: Vec::new(),
                keep_alive: None,
                status: HttpStatus::default(),
            },
            pages: PagesConfig::default(),
            limits: LimitsConfig::default(),
            storage: StorageConfig::default(),
            activity: ActivityConfig::default(),
            webhooks: WebhooksConfig::default(),
            on_hangup: OnHangup::Reload,
            clock_ahead: Arc::default(),
            randomness: Randomness::default(),
            demo_secrets: DemoSecrets::default(),
            demo: None,
        }
    }

    /// The configuration that the command line, the environment and the settings file give. Fails if two
    /// settings contradict each other.
    pub fn new(data: &DataDir, args: &ServeArgs) -> Result<Self, ConfigError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            workers: args.workers.map_or(processors, usize::from),
            unsigned: args.unsigned,
            http: HttpConfig {
                listen: args.listen.clone(),
                metrics_listen: args.metrics_listen.clone(),
                tls: tls_files(args)?,
                trusted_proxies: args.trusted_proxies.clone(),
                allowed_origins: args.allowed_origins.clone(),
                keep_alive: args.keep_alive.map(Duration::from_secs),
                status: match args.http_status {
                    HttpStatusArg::Envelope => HttpStatus::Envelope,
                    HttpStatusArg::Documented => HttpStatus::Documented,
                },
            },
            pages: PagesConfig {
                public_url: args.public_url.clone(),
                own_url: String::new(),
                no_changelog: args.no_changelog,
                no_docs: args.no_docs,
            },
            limits: LimitsConfig::new(args),
            storage: args.storage.config(),
            activity: args.activity.config(),
            webhooks: WebhooksConfig {
                allow_private_targets: args.allow_private_targets,
                ..WebhooksConfig::default()
            },
            ..Self::local(data.path())
        })
    }
}

/// Returns the certificate and its key. Refuses one without the other: the server would seem to use HTTPS, and would
/// not.
pub fn tls_files(args: &ServeArgs) -> Result<Option<TlsFiles>, ConfigError> {
    match (args.tls_cert.clone(), args.tls_key.clone()) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError(
            "--tls-cert needs the private key of the certificate: give --tls-key too".to_owned(),
        )),
        (None, Some(_)) => {
            Err(ConfigError("--tls-key needs the certificate of this key: give --tls-cert too".to_owned()))
        }
    }
}
