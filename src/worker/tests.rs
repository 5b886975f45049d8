//! Tests of the worker that pass the time themselves: over HTTP, the delays between attempts would take hours.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::config::Config;
use crate::domain::{
    CallbackState, Identifier, License, NewActivation, NewCallback, NewLicense, NewProduct, Timestamp,
};
use crate::files::DataDir;
use crate::operations::Operation;
use crate::signing::{Keyring, Signatures, SigningKey};
use crate::store::{Decision, Store};

const NOW: Timestamp = Timestamp(1_700_000_000);

/// An app with a product that has a key of its own, and a license of it that is active on `own` and `none`.
fn app(post_url: &str) -> (TempDir, Arc<App>, License) {
    let directory = tempfile::tempdir().unwrap();
    let data = DataDir::new(directory.path());
    let store = Store::create(&data).unwrap();
    let pem = include_str!("../../tests/golden/keys/pkcs8.pem");
    SigningKey::save(pem, &Keyring::global_path(&data)).unwrap();
    SigningKey::save(pem, &Keyring::product_path(&data, 1)).unwrap();
    let fingerprint = SigningKey::load(&Keyring::global_path(&data)).unwrap().public().fingerprint().clone();
    let post_url = post_url.to_owned();
    let license = store.write_blocking(move |tx| {
        assert_eq!(tx.add_product(&NewProduct::sample(), NOW).unwrap(), 1);
        assert!(tx.set_product_signing_key(1, &fingerprint, "", NOW).unwrap());
        let license = NewLicense::sample(1, "KEY/1");
        let license_id = tx.add_license(&license, NOW).unwrap().unwrap();
        for (identifier, post_url) in [("own", Some(post_url.as_str())), ("none", None)] {
            let identifier = Identifier::parse(identifier).unwrap();
            let seat = NewActivation { license_id, identifier: &identifier, address: None, post_url };
            tx.add_activation(&seat, NOW).unwrap();
        }
        Decision::Commit(tx.license_by_key(&license.license_key).unwrap().unwrap())
    });
    let keyring = Keyring::load(&data, &[], &[]).unwrap();
    let mut config = Config::local(directory.path());
    config.webhooks.allow_private_targets = true;
    let signatures = Signatures::start(1).unwrap();
    let app = App::new(config, store, keyring, signatures);
    (directory, Arc::new(app), license.unwrap())
}

fn end_activations(app: &Arc<App>, license: &License) {
    let (server, license) = (Arc::clone(app), license.clone());
    let posted = app.store.write_blocking(move |tx| {
        let delivery_delay = server.config.webhooks.delays.first().copied().unwrap_or_default();
        Operation { tx, now: NOW, delivery_delay }.tell_of_deactivations(&license).unwrap();
        Decision::Commit(())
    });
    posted.unwrap();
}

/// Starts a server that accepts one message with 200. Returns its URL, and a channel that receives the body.
fn receiver() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/gone?x=1", listener.local_addr().unwrap());
    let (got, received) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        while !text.ends_with("\"}") {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).unwrap();
            text.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        got.send(text.split_once("\r\n\r\n").unwrap().1.to_owned()).unwrap();
    });
    (url, received)
}

#[test]
fn the_end_of_an_activation_is_posted_to_its_own_url_signed_by_the_product() {
    let (url, received) = receiver();
    let (_directory, app, license) = app(&url);
    let worker = Worker::start(Arc::clone(&app)).unwrap();
    end_activations(&app, &license);
    let envelope = received.recv_timeout(Duration::from_secs(30)).unwrap();
    let response = concat!(
        r#"{"code":"400","message":"License key deactivated","license_key":"KEY\/1","#,
        r#""identifier":"own","timestamp":1700000000}"#
    );
    assert!(envelope.starts_with(&format!("{{\"response\":{response},\"response_base64\":")), "{envelope}");
    let envelope: Value = serde_json::from_str(&envelope).unwrap();
    assert_eq!(envelope["private_key_used"], "product");
    let text = |member: &str| envelope[member].as_str().unwrap();
    assert!(
        app.keyring
            .global()
            .unwrap()
            .public()
            .verifies(text("response_base64").as_bytes(), text("signature"))
    );
    // Waits for the delivery in progress.
    drop(worker);
    let callbacks = app.store.read(|tx| tx.callbacks(None)).unwrap().unwrap();
    let states: Vec<CallbackState> = callbacks.iter().map(|callback| callback.state).collect();
    assert_eq!(states, [CallbackState::Delivered]);
}

#[test]
fn the_delays_between_attempts_are_those_of_the_api() {
    // A port on which nothing listens.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (_directory, app, license) = app(&url);
    end_activations(&app, &license);
    let post = Post::new(&app.config.webhooks);
    for (attempt, delay) in [(1, 60), (2, 300), (3, 900), (4, 3600)] {
        let delivery = Delivery::next_due(&app, &[], None).unwrap().expect("it is due");
        let before = app.clock.now();
        delivery.run(&app, &post);
        let found = app.store.read(|tx| tx.callbacks(Some(CallbackState::Pending))).unwrap().unwrap();
        assert_eq!((found[0].attempts, found[0].last_error.is_some()), (attempt, true));
        let waited = before.until(found[0].next_attempt).as_secs();
        assert!((delay..=delay + 5).contains(&waited), "{waited} after attempt {attempt}");
        assert!(Delivery::next_due(&app, &[], None).unwrap().is_none());
        make_due(&app, attempt);
    }
    Delivery::next_due(&app, &[], None).unwrap().expect("it is due").run(&app, &post);
    assert_eq!(app.store.read(|tx| tx.callbacks(Some(CallbackState::Failed))).unwrap().unwrap().len(), 1);
}

/// Makes message 1 due now, with this number of attempts already made.
fn make_due(app: &Arc<App>, attempts: u32) {
    let written = app.store.write_blocking(move |tx| {
        tx.retry_callback(1, NOW).unwrap();
        for _ in 0..attempts {
            tx.begin_attempt(1, None, NOW, NOW).unwrap();
        }
        Decision::Commit(())
    });
    written.unwrap();
}

#[test]
fn a_busy_target_gets_no_second_message_and_holds_up_no_other() {
    let (_directory, app, license) = app("http://busy.example:81/x");
    end_activations(&app, &license);
    end_activations(&app, &license);
    let first = Delivery::next_due(&app, &[], None).unwrap().unwrap();
    let busy = vec![first.under_way()];
    assert_eq!((busy[0].target.as_str(), busy[0].license_id), ("busy.example:81", Some(license.id)));
    assert!(Delivery::next_due(&app, &busy, None).unwrap().is_none());
    let next = app.store.read(|tx| tx.next_callback_at(&busy, None)).unwrap().unwrap();
    assert_eq!(next, None);
    assert_eq!(app.store.read(|tx| tx.count_pending_callbacks()).unwrap().unwrap(), 2);
}

/// Queues messages about deactivations to 24 targets that take connections and never answer, then one to a target that
/// takes them. Panics unless that one is asked at once.
fn expect_no_delay(
    silent: impl Fn(i64) -> i64 + Send + 'static,
    kind: CallbackKind,
    license_id: Option<i64>,
) {
    // Takes connections on every address, and never answers.
    let hole = TcpListener::bind("0.0.0.0:0").unwrap();
    let shop = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", shop.local_addr().unwrap());
    let (came, comes) = mpsc::channel();
    thread::spawn(move || came.send(shop.accept().is_ok()));
    let (_directory, app, _) = app("http://unused.example/");
    let port = hole.local_addr().unwrap().port();
    let queued = app.store.write_blocking(move |tx| {
        let add = |kind, url: &str, license_id| {
            let message = NewCallback { kind, url, reply: "{}", product_id: None, license_id };
            tx.add_callback(&message, NOW, NOW).unwrap();
        };
        for host in 1..=24 {
            // Each is a target of its own.
            let url = format!("http://127.0.0.{host}:{port}/");
            add(CallbackKind::Deactivation, &url, Some(silent(host)));
        }
        add(kind, &url, license_id);
        Decision::Commit(())
    });
    queued.unwrap();
    let worker = Worker::start(Arc::clone(&app)).unwrap();
    assert!(comes.recv_timeout(Duration::from_secs(5)).unwrap());
    // Ends the deliveries, for whose end the worker waits.
    drop(hole);
    drop(worker);
}

#[test]
fn silent_targets_of_deactivations_do_not_hold_up_an_assignment() {
    expect_no_delay(|host| host, CallbackKind::Assignment, None);
}

#[test]
fn silent_targets_of_one_license_do_not_hold_up_the_messages_about_another() {
    expect_no_delay(|_| 5, CallbackKind::Deactivation, Some(6));
}
