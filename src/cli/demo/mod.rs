//! `keyseal demo`: a throw-away world, a first signed answer, and a server to play with.

mod world;

use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::{Output, Result};
use crate::clock::now;
use crate::config::{Config, DemoConfig, OnHangup, ServeArgs};
use crate::domain::{DemoSecrets, RateLimits, Timestamp};
use crate::files::DataDir;
use crate::random::Randomness;
use crate::serve::playable;
use crate::server::Server;
use crate::signing::{self, KeyError, Keyring, SigningKey};
use crate::store::{OpenError, Store};
use world::World;

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

/// Prepared keys, which everybody knows, so that a demo needs no time to make any: of the first product, and
/// the global one.
const KNOWN_KEYS: [&str; 2] = [
    include_str!("../../../data/demo/keys/product-1.pem"),
    include_str!("../../../data/demo/keys/global.pem"),
];

#[derive(clap::Args)]
pub struct Args {
    /// Seed for new ids and license keys, so that every run repeats them. Makes no first request
    #[arg(long, env = "KEYSEAL_DEMO_SEED", value_name = "N")]
    seed: Option<u64>,

    /// Time at the start: YYYY-MM-DD HH:MM:SS in UTC, or with an offset as in 2027-01-01T00:00:00Z [default: the machine's time]
    #[arg(long, env = "KEYSEAL_DEMO_CLOCK", value_name = "TIME", value_parser = start_time)]
    clock: Option<Timestamp>,

    #[command(flatten)]
    serve: ServeArgs,
}

fn start_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string()).and_then(playable)
}

impl Args {
    fn config(&self, data: &DataDir) -> Result<Config> {
        let mut config = Config::new(data, &self.serve)?;
        config.randomness = self.seed.map(Randomness::seeded).unwrap_or_default();
        config.on_hangup = OnHangup::Stop;
        // Who plays alone is never too many.
        config.limits.rates = RateLimits::default();
        config.demo = Some(DemoConfig { clock: self.clock });
        Ok(config)
    }
}

pub fn run(data: Option<&DataDir>, args: &Args, output: &mut Output<'_>) -> Result {
    if let Some(taken) = data.and_then(taken) {
        return Err(OpenError::Exists(taken).into());
    }
    let world = World::read()?;
    let keys = match data {
        // What is kept may one day be served for real.
        Some(_) => generate(1 + world.own_keys())?,
        None => KNOWN_KEYS.map(|key| Zeroizing::new(key.to_owned())).into(),
    };
    // Removed with all that is in it when the demo ends. Made after the keys, which can take the longest:
    // until then there is nothing to leave.
    let temporary = if data.is_none() { Some(tempfile::tempdir()?) } else { None };
    let data = match (data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(directory)) => DataDir::new(directory.path().join("data")),
        (None, None) => return Err("no directory for the demo".into()),
    };
    let config = args.config(&data)?;
    make_world(world, keys, &config, args.clock.unwrap_or_else(now))?;
    // The clock starts as late as can be: the first answers are of the very second that was asked for.
    let server = Server::start(config)?;
    let url = server.url();
    // The line comes first: who waits for it may go ahead, whatever the tour below finds.
    if !output.is_json() {
        output.result(&Value::Null, &format!("listening on {url}"))?;
    }
    let key_file = data.path().join("product-1-public.pem");
    let public_key = publish(&data, &key_file)?;
    let mut shown = json!({
        "listening": url, "data": data.path().display().to_string(), "api_key": API_KEY,
        "public_key": public_key.pem(),
    });
    if args.seed.is_none() {
        let endpoint = format!("{url}/api/v1/create-license-key-meta");
        // Straight to ourselves, whatever proxy the environment names.
        // By its address, for which a certificate hardly ever is; and what answers is told by its signature.
        let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).tls_config(tls).build().into();
        let envelope = agent.post(&endpoint).send_form(FIRST_REQUEST)?.body_mut().read_to_string()?;
        let holds = holds(&envelope, &public_key)?;
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("reply".to_owned(), serde_json::from_str(&envelope)?);
            shown.insert("signature_holds".to_owned(), holds.into());
        }
        let docs = if args.serve.no_docs {
            String::new()
        } else {
            format!("\nAll endpoints, with a form to try each: {url}/docs\n")
        };
        output.note(&tour(&url, &endpoint, &envelope, &key_file, holds, &docs));
    }
    if output.is_json() {
        output.result(&shown, "")?;
    }
    Ok(server.wait()?)
}

/// The published secrets of the demo, which no other server may use.
pub fn secrets() -> Result<DemoSecrets> {
    let fingerprint =
        |pem: &str| Ok(SigningKey::parse(pem.as_bytes(), Path::new("the demo"))?.fingerprint().clone());
    let signing_keys = KNOWN_KEYS.into_iter().map(fingerprint).collect::<Result<_>>()?;
    Ok(DemoSecrets { api_keys: World::read()?.api_key_hashes()?, signing_keys })
}

/// What a server keeps in this directory already, if it does.
fn taken(data: &DataDir) -> Option<PathBuf> {
    [data.database(), Keyring::global_path(data)].into_iter().find(|path| path.exists())
}

fn make_world(world: World, mut keys: Vec<Zeroizing<String>>, config: &Config, now: Timestamp) -> Result {
    let global = keys.pop().ok_or("no key was made")?;
    let store = Store::create(&config.data)?;
    SigningKey::save(&global, &Keyring::global_path(&config.data))?;
    world.write(&store, &config.data, keys, config.randomness.clone(), now)
}

/// Makes keys at the same time: that is most of the time that a demo takes to start.
fn generate(count: usize) -> Result<Vec<Zeroizing<String>>> {
    let made: Result<Vec<_>, KeyError> = thread::scope(|scope| {
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

fn tour(url: &str, endpoint: &str, envelope: &str, key_file: &Path, holds: bool, docs: &str) -> String {
    let fields: Vec<String> =
        FIRST_REQUEST.iter().map(|(name, value)| format!("  --data-urlencode '{name}={value}'")).collect();
    let verdict = if holds { "The signature holds" } else { "THE SIGNATURE DOES NOT HOLD" };
    let key_file = key_file.display();
    // Nobody but the one at this machine can say whether its certificate is to be trusted.
    let curl = if url.starts_with("https:") { "curl -k" } else { "curl" };
    format!(
        "\nThe first request:\n\n{curl} {endpoint} \\\n{}\n\nIts answer:\n\n{envelope}\n\n\
         {verdict} under the public key of product 1, {key_file}\n\n\
         Try next, in another terminal:\n\n\
         meta() {{ {curl} -s {endpoint} -d api_key={API_KEY} -d identifier=domain.ltd -d key=k -d value=v \"$@\"; echo; }}\n\
         meta -d license_key=demo-plain-product     # 453, signed by the global key\n\
         meta -d license_key=demo-plain-product     # 452: the key exists now\n\
         meta -d license_key=demo-available         # 201; demo-blocked 204, demo-expired 205, demo-full 202\n\
         meta -d license_key=demo-retired-product   # 203\n\
         meta -d identifier=shop.pirate.example     # 150: a blocked domain\n\
         meta -d license_key=demo-full | keyseal check-reply --public-key {key_file}\n\
         {curl} {url}/readyz\n{docs}\n\
         Stop with Ctrl-C.",
        fields.join(" \\\n")
    )
}
