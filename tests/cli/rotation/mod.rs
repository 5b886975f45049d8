//! From one signing key to the next: nothing fails on the way, and every answer is one that a client can verify.

mod under_load;
mod commands;
mod interrupted;

use std::path::Path;

use keyseal_test_support::agent;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{create_license, done, initialized};

/// A product with a key of its own and a license, an API key, and a server.
struct World {
    data: TempDir,
    api_key: String,
}

impl World {
    fn new() -> Self {
        let data = initialized();
        done(data.path(), &["product", "create", "--name", "P", "--own-key"]);
        create_license(data.path(), "KEY", &["--status", "assigned"]);
        done(data.path(), &["license", "activate", "KEY", "--identifier", "domain.ltd"]);
        let made = done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"]);
        Self { api_key: made["api_key"].as_str().unwrap().to_owned(), data }
    }

    fn path(&self) -> &Path {
        self.data.path()
    }

    /// An answer that the product signs.
    fn ask_product(&self, agent: &ureq::Agent, server: &str) -> String {
        self.verify(agent, server, "KEY")
    }

    /// An answer that the global key signs: of a license that nobody knows.
    fn ask_global(&self, agent: &ureq::Agent, server: &str) -> String {
        self.verify(agent, server, "UNKNOWN")
    }

    fn verify(&self, agent: &ureq::Agent, server: &str, license_key: &str) -> String {
        let fields =
            [("api_key", self.api_key.as_str()), ("license_key", license_key), ("identifier", "domain.ltd")];
        let mut response = agent.post(format!("{server}/api/v1/verify")).send_form(fields).unwrap();
        assert_eq!(response.status(), 200);
        response.body_mut().read_to_string().unwrap()
    }
}

/// A published key.
struct Key {
    owner: Value,
    state: String,
    pem: String,
    from: Option<i64>,
    until: Option<i64>,
}

fn published(server: &str) -> Vec<Key> {
    let mut response = agent().get(format!("{server}/.well-known/keyseal-keys.json")).call().unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let keys: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let keys = keys.as_array().unwrap().iter().map(|key| Key {
        owner: key["owner"].clone(),
        state: text(&key["state"]),
        pem: text(&key["pem"]),
        from: key["from"].as_i64(),
        until: key["until"].as_i64(),
    });
    keys.collect()
}

fn states(keys: &[Key], owner: &Value) -> Vec<String> {
    keys.iter().filter(|key| key.owner == *owner).map(|key| key.state.clone()).collect()
}
