//! `serve`: how it starts, what it logs, and how it ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use crate::support::{Exit, Server, contains, create_meta, done, initialized, program, refused};

#[test]
fn a_server_prints_one_line_logs_no_secret_and_stops_on_either_signal() {
    let data = initialized();
    let key =
        done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"])["api_key"].clone();
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(data.path());
        let secret = key.as_str().unwrap();
        let answer = create_meta(&server, &[("api_key", secret), ("license_key", "SECRET-LICENSE")]);
        assert_eq!(answer["response"]["code"], 210);
        let Exit { code, output: rest, log } = server.end(signal);
        assert_eq!((code, rest.as_str()), (Some(0), ""), "{log}");
        contains(&log, &["POST /create-license-key-meta 210 ", "127.0.0.1"]);
        assert!(!log.contains(secret) && !log.contains("SECRET-LICENSE"), "{log}");
    }
    // Written when the server stopped.
    assert!(done(data.path(), &["api-key", "list"])[1]["last_used_at"].is_string());
}

#[test]
fn settings_that_seldom_mean_what_they_do_are_named_at_start() {
    let data = initialized();
    let links = "no public URL: download links name the host that each client calls";
    for (flags, expected, unexpected) in [
        (&["--listen", "0.0.0.0:0"][..], links, "strangers"),
        (&["--listen", "0.0.0.0:0", "--public-url", "https://a.example"], "plain HTTP on", links),
        (&["--trusted-proxy", "0.0.0.0/0"], "--trusted-proxy 0.0.0.0/0 trusts strangers", links),
        (&["--trusted-proxy", "::/0"], "--trusted-proxy ::/0 trusts strangers", "plain HTTP"),
        (&["--trusted-proxy", "10.0.0.0/8"], "connections at a time", "strangers"),
    ] {
        let mut command = program();
        let listen = if flags.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        command.args(["serve", "--data"]).arg(data.path()).args(flags).args(listen);
        let Exit { log, .. } = Server::run(&mut command).end("-TERM");
        contains(&log, &[expected]);
        assert!(!log.contains(unexpected), "{flags:?}: {log}");
    }
}

#[test]
fn a_proxy_that_is_not_trusted_is_named_once() {
    let data = initialized();
    let server = Server::start(data.path());
    for _ in 0..3 {
        let mut client = TcpStream::connect(server.address()).unwrap();
        let request = "GET /api/v1/get-product HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\n\
                       Connection: close\r\n\r\n";
        client.write_all(request.as_bytes()).unwrap();
        client.read_to_end(&mut Vec::new()).unwrap();
    }
    let Exit { log, .. } = server.end("-TERM");
    assert_eq!(log.matches("127.0.0.1 sends X-Forwarded-For but is not a trusted proxy").count(), 1, "{log}");
    contains(
        &log,
        &["everyone who comes through it counts as the one address", "give --trusted-proxy 127.0.0.1"],
    );
}

#[test]
fn what_is_no_http_leaves_nothing_in_the_log() {
    let data = initialized();
    let server = Server::start(data.path());
    for bytes in [
        &b"EHLO example.com\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // A reset is an end too.
        drop(stream.read_to_end(&mut Vec::new()));
    }
    let Exit { code, log, .. } = server.end("-TERM");
    assert_eq!(code, Some(0));
    assert!(!log.contains("ERROR") && !log.contains("actix"), "{log}");
}

#[test]
fn a_second_server_is_refused_with_the_firsts_pid() {
    let data = initialized();
    let first = Server::start(data.path());
    let pid = first.pid().to_string();
    contains(
        &refused(data.path(), &["serve", "--listen", "127.0.0.1:0"]),
        &["another server", &format!("pid {pid}")],
    );
    first.end("-KILL");
    assert_eq!(Server::start(data.path()).end("-TERM").code, Some(0));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "plays another program that changes the file")]
fn a_foreign_or_newer_database_is_refused() {
    let data = initialized();
    let path = data.path().join("keyseal.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    for (pragma, parts) in [
        ("user_version = 99", ["newer Keyseal", "schema 99"]),
        ("application_id = 7", ["is not Keyseal's", "another program"]),
    ] {
        database
            .pragma_update(None, pragma.split(' ').next().unwrap(), pragma.split(' ').next_back().unwrap())
            .unwrap();
        contains(&refused(data.path(), &["serve"]), &parts);
    }
    drop(database);
    fs::write(&path, vec![7; 8192]).unwrap();
    contains(&refused(data.path(), &["serve"]), &["can't be read", "keyseal.db"]);
}

#[test]
fn a_download_leaves_no_key_in_the_log() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let key =
        done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"])["api_key"].clone();
    let server = Server::start(data.path());
    let path = format!("/download/{}/SECRET-LICENSE/U0VDUkVU/1", key.as_str().unwrap());
    for path in [format!("/v1{path}"), format!("/v1{path}/x"), format!("/v2{path}")] {
        assert!(ureq::get(format!("{}{path}", server.url())).call().is_err());
    }
    let Exit { log, .. } = server.end("-TERM");
    contains(&log, &["GET /download 701 ", "GET (unknown) 1904 "]);
    for secret in [key.as_str().unwrap(), "SECRET-LICENSE", "U0VDUkVU"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn limits_are_what_the_flags_say_and_a_demo_has_none() {
    let data = initialized();
    let listen = ["--listen", "127.0.0.1:0", "--rate-limit-guesses", "1"];
    let (mut limited, mut open, mut demo) = (program(), program(), program());
    limited.arg("--data").arg(data.path()).arg("serve").args(listen);
    open.arg("--data").arg(data.path()).arg("serve").args(listen).arg("--no-rate-limit");
    let temporary = tempfile::tempdir().unwrap();
    demo.arg("demo").args(listen).env("TMPDIR", temporary.path());
    for (command, refused) in [(&mut limited, true), (&mut open, false), (&mut demo, false)] {
        let server = Server::run(command);
        let guess = || ureq::get(format!("{}/v1/get-all-products?api_key=no", server.url())).call();
        assert!(guess().is_ok());
        assert_eq!(matches!(guess(), Err(ureq::Error::StatusCode(429))), refused);
        assert_eq!(server.end("-TERM").code, Some(0));
    }
}
