//! `keyseal demo`: a throw-away world, a first signed answer, and a server to play with.

use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::demo_world::World;
use super::{Output, Result};
use crate::config::{Config, ServeArgs};
use crate::server::Server;
use crate::signing::{self, KeyError, Keyring, SigningKey};
use crate::store::{DataDir, OpenError, Store};

/// The documentation's own API key; in the sample world it may do everything.
const API_KEY: &str = "2964c3c9-0b5d-4d89-b3ac-4668f30bc492";

/// The first request: metadata for the documentation's own license.
const FIRST_REQUEST: [(&str, &str); 5] = [
    ("api_key", API_KEY),
    ("license_key", "3a343c8a-38fe-4b6e-ad77-2222222"),
    ("identifier", "domain.ltd"),
    ("key", "test-key"),
    ("value", "test value"),
];

pub fn run(data: Option<&DataDir>, args: &ServeArgs, output: &mut Output<'_>) -> Result {
    if let Some(taken) = data.and_then(taken) {
        return Err(OpenError::Exists(taken).into());
    }
    let world = World::read()?;
    let keys = generate(1 + world.own_keys())?;
    // Removed with all that is in it when the demo ends. Made after the keys, which take the longest: until then there is nothing to leave.
    let temporary = if data.is_none() { Some(tempfile::tempdir()?) } else { None };
    let data = match (data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(directory)) => DataDir::new(directory.path().join("data")),
        (None, None) => return Err("no directory for the demo".into()),
    };
    make_world(world, keys, &data)?;
    let server = Server::start(Config::new(data.clone(), args))?;
    let url = server.url();
    // The line comes first: who waits for it may go ahead, whatever the tour below finds.
    if !output.is_json() {
        output.result(&Value::Null, &format!("listening on {url}"))?;
    }
    let endpoint = format!("{url}/api/v1/create-license-key-meta");
    // Straight to ourselves, whatever proxy the environment names.
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let envelope = agent.post(&endpoint).send_form(FIRST_REQUEST)?.body_mut().read_to_string()?;
    let key_file = data.path().join("product-1-public.pem");
    let public_key = publish(&data, &key_file)?;
    let holds = holds(&envelope, &public_key)?;
    if output.is_json() {
        let reply: Value = serde_json::from_str(&envelope)?;
        let value = json!({
            "listening": url, "data": data.path().display().to_string(), "api_key": API_KEY,
            "public_key": public_key.pem(), "reply": reply, "signature_holds": holds,
        });
        output.result(&value, "")?;
    }
    output.note(&tour(&url, &endpoint, &envelope, &key_file, holds));
    Ok(server.wait()?)
}

/// What a server keeps in this directory already, if it does.
fn taken(data: &DataDir) -> Option<PathBuf> {
    [data.database(), Keyring::global_path(data)].into_iter().find(|path| path.exists())
}

fn make_world(world: World, mut keys: Vec<Zeroizing<String>>, data: &DataDir) -> Result {
    let global = keys.pop().ok_or("no key was made")?;
    let store = Store::create(data)?;
    SigningKey::save(&global, &Keyring::global_path(data))?;
    world.write(&store, data, keys)
}

/// Makes keys at the same time: that is most of the time that a demo takes to start.
fn generate(count: usize) -> Result<Vec<Zeroizing<String>>> {
    let made: std::result::Result<Vec<_>, KeyError> = thread::scope(|scope| {
        let makers: Vec<_> =
            (0..count).map(|_| scope.spawn(|| signing::generate(signing::DEFAULT_BITS))).collect();
        makers
            .into_iter()
            .map(|maker| maker.join().unwrap_or_else(|_| Err(KeyError::Generation("it panicked".to_owned()))))
            .collect()
    });
    Ok(made?)
}

/// Writes the public key of the first product to a file, for openssl.
fn publish(data: &DataDir, file: &Path) -> Result<signing::PublicKey> {
    let key = SigningKey::load(&Keyring::product_path(data, 1))?;
    std::fs::write(file, key.public().pem())?;
    Ok(key.public().clone())
}

fn holds(envelope: &str, key: &signing::PublicKey) -> Result<bool> {
    let envelope: Value = serde_json::from_str(envelope)?;
    let text = |member| envelope.get(member).and_then(Value::as_str).unwrap_or_default();
    Ok(key.verifies(text("response_base64").as_bytes(), text("signature")))
}

fn tour(url: &str, endpoint: &str, envelope: &str, key_file: &Path, holds: bool) -> String {
    let fields: Vec<String> =
        FIRST_REQUEST.iter().map(|(name, value)| format!("  --data-urlencode '{name}={value}'")).collect();
    let verdict = if holds { "The signature holds" } else { "THE SIGNATURE DOES NOT HOLD" };
    let key_file = key_file.display();
    format!(
        "\nThe first request:\n\ncurl {endpoint} \\\n{}\n\nIts answer:\n\n{envelope}\n\n\
         {verdict} under the public key of product 1, {key_file}\n\n\
         Try next, in another terminal:\n\n\
         meta() {{ curl -s {endpoint} -d api_key={API_KEY} -d identifier=domain.ltd -d key=k -d value=v \"$@\"; echo; }}\n\
         meta -d license_key=demo-plain-product     # 453, signed by the global key\n\
         meta -d license_key=demo-plain-product     # 452: the key exists now\n\
         meta -d license_key=demo-available         # 201; demo-blocked 204, demo-expired 205, demo-full 202\n\
         meta -d license_key=demo-retired-product   # 203\n\
         meta -d identifier=shop.pirate.example     # 150: a blocked domain\n\
         meta -d license_key=demo-full | keyseal check-reply --public-key {key_file}\n\
         curl {url}/readyz\n\n\
         Stop with Ctrl-C.",
        fields.join(" \\\n")
    )
}
