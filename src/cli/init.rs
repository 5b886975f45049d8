//! `keyseal init`: creates a data directory.

use serde_json::json;

use super::{Output, Result, api_key, now};
use crate::domain::Capabilities;
use crate::files::DataDir;
use crate::maintenance::shell::command;
use crate::signing::{self, KeyError, Keyring, SigningKey};
use crate::store::{NewApiKey, OpenError, Store};

pub fn run(data: &DataDir, output: &mut Output<'_>) -> Result {
    if data.has_database()? {
        return Err(OpenError::Exists(data.database()).into());
    }
    let key = global_key(data)?;
    let store = Store::create(data)?;
    let secret = api_key::new_secret();
    let api_key = secret.expose().to_owned();
    let capabilities = Capabilities::all();
    let first =
        NewApiKey { name: "init".to_owned(), secret, capabilities, allow_ips: Vec::new(), active: true };
    let public = key.public().clone();
    super::change(&store, move |tx| {
        tx.set_current_key(None, public.fingerprint(), public.pem(), now())?;
        Ok(tx.add_api_key(&first, now())?)
    })?;
    let path = data.path().display().to_string();
    let text = format!(
        "created {path}: database, global signing key, and one API key that may call every endpoint\n\n\
         API key, shown only this once:\n  {api_key}\n\n\
         public key, for your clients:\n{}\n\
         next: {}\n      {}",
        key.public().pem(),
        command("product create --name \"My product\"", data),
        command("serve", data),
    );
    output.result(&json!({ "data": path, "api_key": api_key, "public_key": key.public().pem() }), &text)
}

/// Loads the global key that was put there by hand or by "signing-key import", or makes one.
fn global_key(data: &DataDir) -> Result<SigningKey> {
    data.create()?;
    let path = Keyring::global_path(data);
    match SigningKey::load(&path) {
        Err(KeyError::Missing(_)) => {
            SigningKey::save(&signing::generate(signing::DEFAULT_BITS)?, &path)?;
            Ok(SigningKey::load(&path)?)
        }
        loaded => Ok(loaded?),
    }
}
