//! `keyseal serve`: serves an existing data directory.

use serde_json::json;

use super::{Output, Result};
use crate::config::{Config, ServeArgs};
use crate::server::Server;
use crate::store::DataDir;

pub fn run(data: DataDir, args: &ServeArgs, output: &mut Output<'_>) -> Result {
    let server = Server::start(Config::new(data, args))?;
    let url = server.url();
    output.result(&json!({ "listening": url }), &format!("listening on {url}"))?;
    Ok(server.wait()?)
}
