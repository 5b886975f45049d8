//! HTTPS: what is served, what is refused, and how a certificate is renewed.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::support::{Exit, Server, contains, initialized, keyseal, put_private, refused};

/// Past this a server that should have closed a connection has failed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An authority, and a server's files.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    files: TempDir,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), root, files: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Writes a new certificate for 127.0.0.1 that ends in this year, and its key, into a directory of this name.
    fn issue(&self, name: &str, last_year: i32) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.not_after = date_time_ymd(last_year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::create_dir(self.path(name)).unwrap();
        fs::write(self.path(name).join("cert.pem"), certificate.pem()).unwrap();
        put_private(key.serialize_pem().as_bytes(), &self.path(name).join("key.pem"));
    }

    /// Has the files that the server reads be those of this name, in one step, as tools that renew certificates do.
    fn link(&self, name: &str) {
        let new = self.path("new");
        symlink(name, &new).unwrap();
        fs::rename(new, self.path("live")).unwrap();
    }

    fn options(&self) -> [String; 4] {
        let live = self.path("live");
        let path = |file: &str| live.join(file).display().to_string();
        ["--tls-cert".to_owned(), path("cert.pem"), "--tls-key".to_owned(), path("key.pem")]
    }

    fn serve(&self, data: &Path) -> Server {
        let options = self.options();
        Server::start_with(data, &options.each_ref().map(String::as_str))
    }

    /// A client that trusts this authority and nobody else.
    fn agent(&self) -> ureq::Agent {
        let root = ureq::tls::Certificate::from_der(&self.root).to_owned();
        let tls = ureq::tls::TlsConfig::builder().root_certs([root].into_iter().into()).build();
        ureq::Agent::config_builder().proxy(None).tls_config(tls).build().into()
    }

    /// Ends a handshake that offers these protocols, and gives the certificate that was shown and the
    /// protocol that was chosen.
    fn shake_hands(&self, server: &Server, protocols: &[&str]) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let client = ClientConnection::new(Arc::new(config), "127.0.0.1".try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(client, connect(server));
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .map_err(|error| error.to_string())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
        contains(&answer, &["200 OK", "ok\n"]);
        let shown = stream.conn.peer_certificates().unwrap()[0].to_vec();
        Ok((shown, stream.conn.alpn_protocol().map(<[u8]>::to_vec)))
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.url().trim_start_matches("https://")).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream
}

#[test]
fn a_certificate_is_renewed_without_a_failed_request_and_a_bad_one_is_not_taken() {
    let (data, authority) = (initialized(), Authority::new());
    authority.issue("first", 2090);
    authority.issue("second", 2091);
    authority.issue("third", 2092);
    authority.link("first");
    let mut server = authority.serve(data.path());
    let url = server.url().to_owned();
    let shown = |server: &Server| authority.shake_hands(server, &["http/1.1"]).unwrap().0;
    let first = shown(&server);
    let (stop, answered) = (&AtomicBool::new(false), &AtomicUsize::new(0));
    thread::scope(|scope| {
        for keeps_connections in [true, false] {
            let (kept, url, authority) = (authority.agent(), &url, &authority);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let agent = if keeps_connections { kept.clone() } else { authority.agent() };
                    let mut answer = agent.get(format!("{url}/livez")).call().unwrap();
                    assert_eq!(answer.body_mut().read_to_string().unwrap(), "ok\n");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Nobody tells the server: it looks.
        authority.link("second");
        server.log_until("was reloaded");
        let second = shown(&server);
        assert_ne!(first, second);
        authority.link("third");
        server.signal("-HUP");
        server.log_until("was reloaded");
        let third = shown(&server);
        assert_ne!(second, third);
        fs::copy(authority.path("first/cert.pem"), authority.path("third/cert.pem")).unwrap();
        server.signal("-HUP");
        contains(&server.log_until("was not reloaded"), &["ERROR"]);
        assert_eq!(shown(&server), third);
        stop.store(true, Ordering::Relaxed);
    });
    assert!(answered.load(Ordering::Relaxed) > 2);
    assert_eq!(server.end("-TERM").code, Some(0));
}

#[test]
fn a_renewed_key_that_others_could_read_is_taken_once_its_mode_is_mended() {
    let (data, authority) = (initialized(), Authority::new());
    authority.issue("first", 2090);
    authority.issue("second", 2091);
    authority.link("first");
    let mut server = authority.serve(data.path());
    let shown = |server: &Server| authority.shake_hands(server, &["http/1.1"]).unwrap().0;
    let first = shown(&server);
    let key = authority.path("second/key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    authority.link("second");
    contains(&server.log_until("was not reloaded"), &["can be read or written by others", "chmod 600"]);
    assert_eq!(shown(&server), first);
    // As the log says; nothing else tells the server.
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    server.log_until("was reloaded");
    assert_ne!(shown(&server), first);
    assert_eq!(server.end("-TERM").code, Some(0));
}

#[test]
fn http_1_is_spoken_and_what_is_no_tls_does_no_harm() {
    let (data, authority) = (initialized(), Authority::new());
    authority.issue("live", 2090);
    let server = authority.serve(data.path());
    assert_eq!(authority.shake_hands(&server, &["h2", "http/1.1"]).unwrap().1.unwrap(), b"http/1.1");
    assert_eq!(authority.shake_hands(&server, &[]).unwrap().1, None);
    authority.shake_hands(&server, &["h2"]).unwrap_err();
    // Some say nothing at all, and some begin and never end: they are closed all the same.
    let records: [&[u8]; 4] =
        [b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", &[0xff; 5000], b"", b"\x16\x03\x01\x02\x00"];
    let streams: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = connect(&server);
            stream.write_all(records[number % records.len()]).unwrap();
            stream
        })
        .collect();
    authority.shake_hands(&server, &["http/1.1"]).unwrap();
    for mut stream in streams {
        let mut answer = Vec::new();
        // Some are reset, because the server did not read all that came.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        assert!(!answer.windows(4).any(|word| word == b"HTTP"));
    }
    authority.shake_hands(&server, &["http/1.1"]).unwrap();
    let Exit { code, log, .. } = server.end("-TERM");
    assert_eq!(code, Some(0));
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn an_end_that_is_near_or_past_is_warned_of() {
    for (year, warning) in [(2001, Some("expired at 2001-01-01 00:00:00")), (2090, None)] {
        let (data, authority) = (initialized(), Authority::new());
        authority.issue("live", year);
        let Exit { log, .. } = authority.serve(data.path()).end("-TERM");
        match warning {
            Some(warning) => contains(&log, &["WARN", warning, "renew it"]),
            None => assert!(!log.contains("TLS certificate"), "{log}"),
        }
    }
}

#[test]
fn a_certificate_or_key_that_cannot_be_used_is_refused_with_what_to_do() {
    let (data, authority) = (initialized(), Authority::new());
    authority.issue("live", 2090);
    authority.issue("other", 2090);
    let (certificate, key) = (authority.path("live/cert.pem"), authority.path("live/key.pem"));
    let options = authority.options();
    let serve: Vec<&str> =
        ["serve", "--listen", "127.0.0.1:0"].into_iter().chain(options.iter().map(String::as_str)).collect();
    let key_name = key.display().to_string();
    let whole = fs::read(&key).unwrap();
    for open in [0o644, 0o604, 0o660, 0o602] {
        fs::set_permissions(&key, fs::Permissions::from_mode(open)).unwrap();
        contains(&refused(data.path(), &serve), &["by others", &format!("chmod 600 {key_name}")]);
    }
    // A group that may read it is nobody else.
    for private in [0o640, 0o440, 0o400] {
        fs::set_permissions(&key, fs::Permissions::from_mode(private)).unwrap();
        assert_eq!(authority.serve(data.path()).end("-TERM").code, Some(0), "{private:o}");
    }
    let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let other = fs::read(authority.path("other/key.pem")).unwrap();
    for (content, parts) in [
        (&encrypted[..], &["is encrypted", "openssl pkey"][..]),
        (b"nonsense", &["contains no key in PEM format", "--tls-key"]),
        (&whole[..whole.len() / 2], &["damaged"]),
        (&other, &["can't be used with the key"]),
    ] {
        put_private(content, &key);
        contains(&refused(data.path(), &serve), &[parts, &[&key_name]].concat());
    }
    put_private(&whole, &key);
    fs::write(&certificate, "nonsense").unwrap();
    contains(&refused(data.path(), &serve), &["contains no certificate in PEM format", "--tls-cert"]);
    fs::remove_file(&certificate).unwrap();
    let gone = keyseal(data.path(), &serve);
    assert_eq!(gone.status.code(), Some(2), "no start finds it");
    contains(&String::from_utf8(gone.stderr).unwrap(), &["can't read the TLS certificate", "--tls-cert"]);
    // One alone, wherever it is said, is no server that speaks plain HTTP.
    let alone = |missing: &str, options: &[&str]| {
        let refused = keyseal(data.path(), &[&["serve"], options].concat());
        assert_eq!(refused.status.code(), Some(2));
        contains(&String::from_utf8(refused.stderr).unwrap(), &[&format!("give {missing} too")]);
    };
    alone("--tls-cert", &["--tls-key", &key_name]);
    fs::write(data.path().join("keyseal.toml"), "tls-cert = 'cert.pem'\n").unwrap();
    alone("--tls-key", &[]);
}

#[test]
fn a_health_check_that_asks_without_tls_is_told_to_ask_with_it() {
    let (data, authority) = (initialized(), Authority::new());
    authority.issue("live", 2090);
    let server = authority.serve(data.path());
    let address = server.url().trim_start_matches("https://");
    let said = refused(data.path(), &["healthcheck", address]);
    contains(&said, &["no answer from http://", "speaks HTTPS", "--tls-cert"]);
    let options = authority.options();
    let flags: Vec<&str> = options.iter().map(String::as_str).collect();
    for asked in [&["healthcheck", address][..], &["healthcheck", "--listen", address]] {
        assert!(keyseal(data.path(), &[asked, &flags].concat()).status.success());
    }
}
