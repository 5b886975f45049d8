//! Starts the server: each step that can fail, in order, before the first connection is accepted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use super::run::{self, Listeners};
use super::tls::Certificates;
use super::{Server, StartError, bind, demo_secrets, reload, upgrade, warnings};
use crate::config::Config;
use crate::domain::Product;
use crate::serve::{App, Demo};
use crate::signing::{Keyring, Signatures};
use crate::store::{OpenError, Store};

/// The time that a start waits for the integrity check of the database. The check of a large database goes on in the
/// background while the database is served.
const CHECK_TIMEOUT: Duration = Duration::from_millis(50);

pub fn start(mut config: Config) -> Result<Server, StartError> {
    if !config.data.has_database()? {
        return Err(OpenError::Missing(config.data.database()).into());
    }
    config.data.refuse_backup()?;
    let lock = config.data.lock()?;
    upgrade::upgrade(&config.data, &lock)?;
    let signatures = Signatures::start(config.workers)?;
    let store = open_store(&config, &signatures)?;
    demo_secrets::refuse_api_keys(&config.demo_secrets, &config.data, &store)?;
    let keyring = load_keys(&config, &store)?;
    if let Some(Err(error)) = keyring.global().map(|key| signatures.measure(&key)) {
        log::error!("the global key can't sign: {error}");
    }
    reload::publish_global_key(&store, &keyring);
    reload::note_key(&config.data, &keyring);
    let certificates = config.http.tls.clone().map(Certificates::load).transpose()?;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let listeners = bind_listeners(&config)?;
    let address = listeners.api.local_addr()?;
    let metrics_address = listeners.metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    config.pages.own_url = format!("{scheme}://{}", reachable(address));
    warnings::at_start(&config, address);
    let mut app = App::new(config, store, keyring, signatures);
    if let Some(demo) = &app.config.demo {
        app.demo = Some(Demo::begin(demo, &app.config, &app.store, &app.clock)?);
    }
    let running = run::run(Arc::new(app), listeners, certificates)?;
    Ok(Server { address, scheme, metrics_address, running, _lock: lock })
}

/// Opens the database with one reader for each worker, one for each list that is read on the blocking pool
/// beside it, and two for the background tasks.
fn open_store(config: &Config, signatures: &Signatures) -> Result<Store, StartError> {
    let readers = u32::try_from(config.workers).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(2);
    let delay = Arc::clone(signatures.delay());
    let store = Store::open(&config.data, readers, move || delay.estimate_after_commit())?;
    store.check(&config.data, CHECK_TIMEOUT)?;
    Ok(store)
}

/// Loads the signing keys of the installation and of its products; none with `--unsigned`.
fn load_keys(config: &Config, store: &Store) -> Result<Keyring, StartError> {
    if config.unsigned {
        return Ok(Keyring::empty(&config.data));
    }
    let products = store.try_read(|tx| tx.products())?;
    let own_keys: Vec<_> = products.iter().filter_map(Product::own_key).collect();
    let published = store.try_read(|tx| tx.published_keys_of(None))?;
    let keyring = Keyring::load(&config.data, &own_keys, &published)?;
    demo_secrets::refuse_signing_keys(&config.demo_secrets, &keyring, &own_keys)?;
    Ok(keyring)
}

fn bind_listeners(config: &Config) -> Result<Listeners, StartError> {
    let send_timeout = config.limits.send_timeout;
    let api = bind::bind(&config.http.listen, "--listen", send_timeout)?;
    let metrics = config.http.metrics_listen.as_deref();
    let metrics = metrics.map(|listen| bind::bind(listen, "--metrics-listen", send_timeout)).transpose()?;
    Ok(Listeners { api, metrics })
}

/// An address by which this machine reaches the server: one that stands for all interfaces is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    let own: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    if address.ip().is_unspecified() { SocketAddr::new(own, address.port()) } else { address }
}
