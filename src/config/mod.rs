//! The settings: flags, environment variables, the settings file, and their defaults. No other
//! module reads the environment.
//!
//! [`DataArg`], [`ServeArgs`] and [`LogArg`] in arguments.rs define the settings. A field with a flag and a
//! variable is a setting; its key in `keyseal.toml`, its checks, its line in `keyseal config show` and its row
//! in docs/settings.md are derived from it. To add one: add the field, use it in [`Config`], and run
//! `UPDATE_DOCS=1 cargo test --test docs`.
//! - In the settings file a `bool` is a boolean, an integer a number, a `Vec` a list of strings, and any other
//!   type a string.
//! - The help of a setting is its doc comment: one phrase, which is also its text in docs/settings.md.
//! - A default that is computed stands in words in settings.rs, `COMPUTED_DEFAULTS`.
//! - clap's `requires` and `conflicts_with` ignore the settings file: check in [`Config::new`] what two
//!   settings must agree on.

mod activity;
mod addresses;
mod arguments;
mod environment;
mod file;
mod layers;
mod limits;
mod owner;
mod server;
mod settings;
mod storage;

pub use activity::ActivityConfig;
pub use arguments::{DataArg, GLOBAL_OPTIONS, HttpStatusArg, LogArg, LogFormat, ServeArgs};
pub use file::SettingsFile;
pub use layers::{Effective, Source, UsageError, effective, read, read_over};
pub use owner::User;
pub use server::{Config, DemoConfig, OnHangup, TlsFiles, WebhooksConfig, tls_files};
pub use settings::show_computed_defaults;

/// A setting that is refused. The text says which one, where it was set, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// The known name that is most similar to this one, if any is similar.
fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const SIMILAR: f64 = 0.8;
    let similarity = known.map(|known| (strsim::jaro(name, known), known));
    similarity
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
