//! `keyseal demo`: serves temporary sample data and shows a first signed answer.

mod tour;
mod world;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::{Output, Result, with_members};
use crate::clock::now;
use crate::config::{Config, DemoConfig, OnHangup, ServeArgs};
use crate::domain::{DemoSecrets, RateLimits, Timestamp};
use crate::files::{DataDir, write_file};
use crate::random::Randomness;
use crate::serve::playable;
use crate::server::Server;
use crate::signing::{self, KeyError, Keyring, SigningKey};
use crate::store::{OpenError, Store};
use tour::{API_KEY, FirstAnswer};
use world::World;

/// Published signing keys of the first product and of the server, so that a demo starts without generating any.
const PUBLISHED_KEYS: [&str; 2] = [
    include_str!("../../../data/demo/keys/product-1.pem"),
    include_str!("../../../data/demo/keys/global.pem"),
];

#[derive(clap::Args)]
pub struct Args {
    /// Seed for new ids and license keys, so that every run repeats them. Makes no first request
    #[arg(long, env = "KEYSEAL_DEMO_SEED", value_name = "N")]
    seed: Option<u64>,

    /// Time at the start: YYYY-MM-DD HH:MM:SS in UTC, or with an offset as in 2027-01-01T00:00:00Z
    /// [default: the machine's time]
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
        config.limits.rates = RateLimits::default();
        config.demo = Some(DemoConfig { clock: self.clock });
        Ok(config)
    }
}

pub fn run(data: Option<&DataDir>, args: &Args, output: &mut Output<'_>) -> Result {
    if let Some(existing) = data.and_then(existing_installation) {
        return Err(OpenError::Exists(existing).into());
    }
    let world = World::read()?;
    let keys = match data {
        // A world that is kept may later be served to customers.
        Some(_) => generate(1 + world.own_keys())?,
        None => PUBLISHED_KEYS.map(|key| Zeroizing::new(key.to_owned())).into(),
    };
    // Removed when the demo ends. Created after the keys, which take longest: an interrupt until then leaves nothing.
    let temporary = if data.is_none() { Some(tempfile::tempdir()?) } else { None };
    let data = match (data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(directory)) => DataDir::new(directory.path().join("data")),
        (None, None) => return Err("no directory for the demo".into()),
    };
    let config = args.config(&data)?;
    make_world(world, keys, &config, args.clock.unwrap_or_else(now))?;
    // The clock starts last, so that the first answers are of the second that --clock names.
    let server = Server::start(config)?;
    let url = server.url();
    // Before the first request: whoever waits for this line may go on.
    if !output.is_json() {
        output.result(&Value::Null, &format!("listening on {url}"))?;
    }
    let key_file = data.path().join("product-1-public.pem");
    let public_key = publish(&data, &key_file)?;
    let mut value = json!({
        "listening": url, "data": data.path().display().to_string(), "api_key": API_KEY,
        "public_key": public_key.pem(),
    });
    if args.seed.is_none() {
        let answer = FirstAnswer::ask(&url, &public_key)?;
        let reply = serde_json::from_str(&answer.envelope)?;
        value =
            with_members(value, [("reply", reply), ("signature_holds", answer.is_signature_valid.into())]);
        output.note(&answer.tour(&url, &key_file, !args.serve.no_docs));
    }
    if output.is_json() {
        output.result(&value, "")?;
    }
    Ok(server.wait()?)
}

/// The published secrets of the demo, which no other server may use.
pub fn secrets() -> Result<DemoSecrets> {
    let fingerprint =
        |pem: &str| Ok(SigningKey::parse(pem.as_bytes(), Path::new("the demo"))?.fingerprint().clone());
    let signing_keys = PUBLISHED_KEYS.into_iter().map(fingerprint).collect::<Result<_>>()?;
    Ok(DemoSecrets { api_keys: World::read()?.api_key_hashes()?, signing_keys })
}

/// Finds a file of an existing installation in this directory.
fn existing_installation(data: &DataDir) -> Option<PathBuf> {
    [data.database(), Keyring::global_path(data)].into_iter().find(|path| path.exists())
}

fn make_world(world: World, mut keys: Vec<Zeroizing<String>>, config: &Config, now: Timestamp) -> Result {
    let global = keys.pop().ok_or("no key was made")?;
    let store = Store::create(&config.data)?;
    SigningKey::save(&global, &Keyring::global_path(&config.data))?;
    world.write(&store, &config.data, &keys, config.randomness.clone(), now)
}

/// Generates keys in parallel. This takes most of the startup time of a demo with `--data`.
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
    // A file of an earlier demo, or a link that is in its place, is replaced and not written into.
    if let Err(error) = fs::remove_file(file)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(format!("can't replace {}: {error}", file.display()).into());
    }
    write_file(key.public().pem().as_bytes(), file)?;
    Ok(key.public().clone())
}
