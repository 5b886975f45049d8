//! What the operator decides. Nothing outside this module reads the environment: each flag names its variable
//! in arguments.rs.
//!
//! [`DataArg`], [`ServeArgs`] and [`LogArg`] are the table of settings. A field with a flag and a variable is
//! a setting, and all else comes from it: its key in `keyseal.toml` (the flag without its dashes), its line
//! in `keyseal config show`, its checks and suggestions. So a new one is a field there, a row in the README's
//! table (a test compares the two) and whatever uses it in [`Config`]. To know:
//! - `bool` is a switch, an integer a number, `Vec` a list, anything else a text in the file.
//! - A default that is no fixed value is said in the help, as `[default: words]`.
//! - `hide_env_values = true` marks a secret: its value is never shown.
//! - clap's `requires` and `conflicts_with` don't see the file: what two settings must agree on is checked in
//!   [`Config::new`].

mod addresses;
mod arguments;
mod environment;
mod file;
mod layers;
mod owner;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use ipnet::IpNet;

use crate::domain::{HttpStatus, RateLimits, Timestamp, WellKnown};
use crate::random::Randomness;
use crate::store::DataDir;

pub use arguments::{DataArg, HttpStatusArg, LogArg, LogFormat, ServeArgs};
pub use file::File;
pub use layers::{Effective, Source, Usage, effective, read, read_over};
pub use owner::User;

/// A setting that can't be as it is: where it stands, why, and the next step.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(String);

/// The known name that is most like this one, if any is like it.
fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.8;
    let likeness = known.map(|known| (strsim::jaro(name, known), known));
    likeness
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Where a server's certificate and its key are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// What SIGHUP does to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHangup {
    /// It reads the global signing key and the certificate again.
    Reload,
    /// It stops: the demo must not outlive its terminal.
    Stop,
}

/// All that a server needs to know.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct Config {
    pub data: DataDir,
    pub listen: String,
    /// Without it, the server speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    pub on_hangup: OnHangup,
    pub http_status: HttpStatus,
    pub trusted_proxies: Vec<IpNet>,
    pub workers: usize,
    pub body_timeout: Duration,
    pub send_timeout: Duration,
    /// Without it, links hold the address that the server listens on.
    pub public_url: Option<String>,
    pub no_changelog: bool,
    pub no_docs: bool,
    pub unsigned: bool,
    pub allow_private_targets: bool,
    pub rate_limits: RateLimits,
    pub metrics_listen: Option<String>,
    /// How long each attempt to deliver a callback comes after the one before it; after the last it has failed.
    pub callback_delays: Vec<Duration>,
    /// How long one attempt may take in all.
    pub callback_timeout: Duration,
    /// Milliseconds that the server's clock is ahead of the machine's, at any moment. Not the operator's to
    /// decide: the demo and tests set the time by it.
    pub clock_ahead: Arc<AtomicI64>,
    pub randomness: Randomness,
    /// What it must not go by.
    pub well_known: WellKnown,
    /// `None`: the server is no demo, and can do nothing that only a demo can.
    pub demo: Option<DemoConfig>,
}

/// What a demo does that no other server can: begin again, and set the time.
#[derive(Clone, Debug, Default)]
pub struct DemoConfig {
    /// The time at the start; it runs on from there. `None`: the machine's.
    pub clock: Option<Timestamp>,
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
            tls: None,
            on_hangup: OnHangup::Reload,
            http_status: HttpStatus::default(),
            trusted_proxies: Vec::new(),
            workers: 2,
            body_timeout: Duration::from_secs(8),
            send_timeout: Duration::from_secs(30),
            public_url: None,
            no_changelog: false,
            no_docs: false,
            unsigned: false,
            allow_private_targets: false,
            rate_limits: RateLimits::default(),
            metrics_listen: None,
            callback_delays: CALLBACK_DELAYS.to_vec(),
            callback_timeout: CALLBACK_TIMEOUT,
            clock_ahead: Arc::default(),
            randomness: Randomness::default(),
            well_known: WellKnown::default(),
            demo: None,
        }
    }

    /// What the command line, the environment and the file say, if that fits together.
    pub fn new(data: DataDir, args: &ServeArgs) -> Result<Self, Wrong> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            data,
            listen: args.listen.clone(),
            tls: args.tls()?,
            on_hangup: OnHangup::Reload,
            http_status: match args.http_status {
                HttpStatusArg::Envelope => HttpStatus::Envelope,
                HttpStatusArg::Documented => HttpStatus::Documented,
            },
            trusted_proxies: args.trusted_proxies.clone(),
            workers: args.workers.map_or(processors, usize::from),
            body_timeout: Duration::from_secs(args.body_timeout),
            send_timeout: Duration::from_secs(args.send_timeout),
            public_url: args.public_url.clone(),
            no_changelog: args.no_changelog,
            no_docs: args.no_docs,
            unsigned: args.unsigned,
            allow_private_targets: args.allow_private_targets,
            rate_limits: args.rate_limits.limits(),
            metrics_listen: args.metrics_listen.clone(),
            callback_delays: CALLBACK_DELAYS.to_vec(),
            callback_timeout: CALLBACK_TIMEOUT,
            clock_ahead: Arc::default(),
            randomness: Randomness::default(),
            well_known: WellKnown::default(),
            demo: None,
        })
    }
}
