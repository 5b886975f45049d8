//! What the operator decides. Nothing outside this module reads the environment: each flag names its variable
//! in arguments.rs.
//!
//! [`DataArg`], [`ServeArgs`] and [`LogArg`] are the table of settings. A field with a flag and a variable is
//! a setting, and all else comes from it: its key in `keyseal.toml` (the flag without its dashes), its line
//! in `keyseal config show`, its checks and suggestions. So a new one is a field there, a row in docs/settings.md
//! (which the tests write from the help) and whatever uses it in [`Config`]. To know:
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
mod server;
mod settings;

pub use arguments::{DataArg, HttpStatusArg, LogArg, LogFormat, ServeArgs};
pub use file::File;
pub use layers::{Effective, Source, Usage, effective, read, read_over};
pub use owner::User;
pub use server::{Config, DemoConfig, OnHangup, TlsFiles};

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
