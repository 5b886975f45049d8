//! What the operator decides. The only file that reads the environment: each flag names its variable here.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::domain::parse_network;
use crate::outcome::HttpStatus;
use crate::store::DataDir;

/// Where the files are: every command takes this.
#[derive(Clone, Debug, clap::Args)]
pub struct DataArg {
    /// The directory with the database and the signing keys [default: data; for demo: a temporary one]
    #[arg(long = "data", env = "KEYSEAL_DATA", value_name = "DIR", global = true)]
    path: Option<PathBuf>,
}

impl DataArg {
    pub fn dir(&self) -> DataDir {
        self.given().unwrap_or_else(|| DataDir::new("data"))
    }

    /// The directory, unless nobody named one.
    pub fn given(&self) -> Option<DataDir> {
        self.path.as_ref().map(DataDir::new)
    }
}

/// How to serve: what `serve` and `demo` take.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// The address and port to listen on; port 0 takes any free one
    #[arg(long, env = "KEYSEAL_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,

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

    /// The server's address as its customers reach it, for download links [default: the one it listens on]
    #[arg(long, env = "KEYSEAL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// Show no changelogs, whatever the products say
    #[arg(long, env = "KEYSEAL_NO_CHANGELOG")]
    pub no_changelog: bool,

    /// Send callbacks to addresses of this machine and of private networks too
    #[arg(long, env = "KEYSEAL_ALLOW_PRIVATE_TARGETS")]
    pub allow_private_targets: bool,

    /// Sign nothing: every signature is the text "Private key not set", as the original's without a key. For tests of clients only
    #[arg(long, env = "KEYSEAL_UNSIGNED")]
    pub unsigned: bool,

    /// Seconds that a client has to send a request's body
    #[arg(long, env = "KEYSEAL_BODY_TIMEOUT", value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub body_timeout: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum HttpStatusArg {
    Envelope,
    Documented,
}

/// All that a server needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    pub data: DataDir,
    pub listen: String,
    pub http_status: HttpStatus,
    pub trusted_proxies: Vec<IpNet>,
    pub workers: usize,
    pub body_timeout: Duration,
    /// Without it, links hold the address that the server listens on.
    pub public_url: Option<String>,
    pub no_changelog: bool,
    pub unsigned: bool,
    pub allow_private_targets: bool,
    /// How long each attempt to deliver a callback comes after the one before it; after the last it has failed.
    pub callback_delays: Vec<Duration>,
    /// How long one attempt may take in all.
    pub callback_timeout: Duration,
}

/// Contract §6.1.
const CALLBACK_DELAYS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
];
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);

impl Config {
    /// Serves `data` on any free port of this machine, with the defaults for all else.
    pub fn local(data: impl Into<PathBuf>) -> Self {
        Self {
            data: DataDir::new(data),
            listen: "127.0.0.1:0".to_owned(),
            http_status: HttpStatus::default(),
            trusted_proxies: Vec::new(),
            workers: 2,
            body_timeout: Duration::from_secs(10),
            public_url: None,
            no_changelog: false,
            unsigned: false,
            allow_private_targets: false,
            callback_delays: CALLBACK_DELAYS.to_vec(),
            callback_timeout: CALLBACK_TIMEOUT,
        }
    }

    /// What the command line says.
    pub fn new(data: DataDir, args: &ServeArgs) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            data,
            listen: args.listen.clone(),
            http_status: match args.http_status {
                HttpStatusArg::Envelope => HttpStatus::Envelope,
                HttpStatusArg::Documented => HttpStatus::Documented,
            },
            trusted_proxies: args.trusted_proxies.clone(),
            workers: args.workers.map_or(processors, usize::from),
            body_timeout: Duration::from_secs(args.body_timeout),
            public_url: args.public_url.clone(),
            no_changelog: args.no_changelog,
            unsigned: args.unsigned,
            allow_private_targets: args.allow_private_targets,
            callback_delays: CALLBACK_DELAYS.to_vec(),
            callback_timeout: CALLBACK_TIMEOUT,
        }
    }
}
