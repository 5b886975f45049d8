//! A server on the data directory of an earlier version: it upgrades it, and serves what was there.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rusqlite::Connection;

use super::{api_key, kept, open, versions};
use crate::support::{Server, contains, done, program};

/// The current key of a product, or the global one, as it was published before the upgrade.
fn public_key(database: &Connection, product: Option<i64>) -> String {
    let sql = "SELECT public_key FROM published_keys WHERE product_id IS ?1 AND state = 'current'";
    database.query_row(sql, [product], |row| row.get(0)).unwrap()
}

#[test]
fn it_upgrades_at_start_and_logs_each_step() {
    let data = kept(1);
    let mut server = Server::start(data.path());
    assert!(server.url().starts_with("http://"));
    let log = server.log_until("0002_name_the_checksum took ");
    contains(
        &log,
        &["keyseal.db from schema 1 to ", "before-upgrade-1.db in ", "0002_name_the_checksum begins"],
    );
    let end = server.end("-TERM");
    assert_eq!(end.code, Some(0), "{}", end.log);
    let end = Server::start(data.path()).end("-TERM");
    assert_eq!(end.code, Some(0), "{}", end.log);
    assert!(!end.log.contains("upgrad"), "{}", end.log);
}

#[test]
fn the_service_manager_is_asked_for_more_time_while_it_upgrades() {
    let (data, place) = (kept(1), tempfile::tempdir().unwrap());
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut command = program();
    command
        .arg("--data")
        .arg(data.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("NOTIFY_SOCKET", &path);
    let server = Server::run(&mut command);
    let mut message = [0; 256];
    let mut hears = || {
        let length = socket.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    assert_eq!((hears(), hears()), ("EXTEND_TIMEOUT_USEC=3600000000\n".to_owned(), "READY=1\n".to_owned()));
    assert_eq!(server.end("-TERM").code, Some(0));
}

#[test]
fn its_keys_sign_its_downloads_are_served_and_its_queued_orders_carried_out() {
    for version in versions() {
        let (data, twin, outside) = (kept(version), kept(version), tempfile::tempdir().unwrap());
        let before = open(&twin.path().join("keyseal.db"));
        let server = Server::start(data.path());
        let api_key = api_key(version);
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        for (license, identifier, product) in
            [("ASSIGNED-1", "in-the-log", None), ("ASSIGNED-2", "device-1", Some(2))]
        {
            let fields =
                [("api_key", api_key.as_str()), ("license_key", license), ("identifier", identifier)];
            let mut answer = agent.post(format!("{}/api/v1/verify", server.url())).send_form(fields).unwrap();
            let (reply, key) = (outside.path().join("reply.json"), outside.path().join("key.pem"));
            let text = answer.body_mut().read_to_string().unwrap();
            contains(&text, &["\"code\":200"]);
            fs::write(&reply, text).unwrap();
            fs::write(&key, public_key(&before, product)).unwrap();
            let (reply, key) = (reply.to_str().unwrap(), key.to_str().unwrap());
            done(data.path(), &["check-reply", reply, "--public-key", key]);
        }
        let url = format!("{}/api/v1/download/{api_key}/ASSIGNED-1/ZGV2aWNlLTA=/100", server.url());
        let file = agent.get(url).call().unwrap().body_mut().read_to_string().unwrap();
        assert_eq!(file, "the editor, version 1.0\n");
        let end = server.end("-TERM");
        assert_eq!(end.code, Some(0), "{}", end.log);
        let jobs = |database: &Connection| {
            database.query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert!(jobs(&before) > 0);
        assert_eq!(jobs(&open(&data.path().join("keyseal.db"))), 0);
        // Its backup is whole: rows, both keys of the product, the global ones, and the download.
        done(data.path(), &["backup", outside.path().join("backup").to_str().unwrap()]);
    }
}
