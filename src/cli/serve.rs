//! `keyseal serve`: serves the API from a data directory.

use serde_json::json;

use super::{Output, Result, demo};
use crate::config::{Config, ServeArgs};
use crate::files::DataDir;
use crate::server::Server;
use crate::server::systemd;

pub fn run(data: &DataDir, args: &ServeArgs, output: &mut Output<'_>) -> Result {
    let mut config = Config::new(data, args)?;
    config.demo_secrets = demo::secrets()?;
    let server = Server::start(config)?;
    systemd::ready();
    let url = server.url();
    output.result(&json!({ "listening": url }), &format!("listening on {url}"))?;
    Ok(server.wait()?)
}
