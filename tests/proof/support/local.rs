//! A server in this process, whose disk a proof can record and disturb.

use std::path::Path;

use super::Client;

pub struct Local {
    server: keyseal::Server,
    api_key: String,
}

impl Local {
    pub fn start(data: &Path, api_key: &str) -> Self {
        Self::start_with(data, api_key, |_| ())
    }

    pub fn start_with(data: &Path, api_key: &str, change: impl FnOnce(&mut keyseal::Config)) -> Self {
        let mut config = keyseal::Config::local(data);
        change(&mut config);
        let server = keyseal::Server::start(config).unwrap();
        Self { server, api_key: api_key.to_owned() }
    }

    /// A client with a connection of its own.
    pub fn client(&self) -> Client {
        let url = self.server.url();
        Client::connect(url.trim_start_matches("http://"), &self.api_key).unwrap()
    }

    /// Stops the server and waits for its end.
    pub fn stop(self) {
        self.server.stop().unwrap();
    }
}
