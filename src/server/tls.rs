//! HTTPS: the certificate and its key, read from files, and read again when those change.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::crypto::ring as provider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use x509_cert::der::Decode as _;
use zeroize::Zeroizing;

use crate::config::TlsFiles;
use crate::domain::Timestamp;

/// A certificate or its key can't be used: what, where, why, and the next step. Never holds a byte of the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(
        "can't read the TLS {what} {path}: {source}; give the right file with {flag}, readable by the user of the server"
    )]
    Unreadable { what: &'static str, path: PathBuf, source: io::Error, flag: &'static str },
    #[error(
        "the TLS key {0} can be read or written by others: run \"chmod 600 {0}\", or 640 for a group that may read it, and replace the key if others had access"
    )]
    Exposed(PathBuf),
    #[error(
        "the TLS key {0} is encrypted, and a server can't ask for a passphrase: run \"openssl pkey -in {0} -out plain.pem\""
    )]
    Encrypted(PathBuf),
    #[error("{path} holds no {what} as PEM: give the right file with {flag}")]
    Nothing { what: &'static str, path: PathBuf, flag: &'static str },
    #[error("the PEM in {0} is damaged: see whether openssl can read it")]
    Damaged(PathBuf),
    #[error("the certificate {certificate} can't be used with the key {key}: {source}")]
    Unusable { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("can't set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// The certificate that is shown to clients; another, when its files change. Read by every handshake, and
/// never locked for it.
pub struct Certificates {
    files: TlsFiles,
    shown: ArcSwap<CertifiedKey>,
    looks: Mutex<Looks>,
}

/// What the files looked like: when they were read last, and when they were last looked at.
struct Looks {
    read: Stamp,
    last: Stamp,
    /// They could not be used, and have been looked at so often since.
    failed: Option<Failure>,
}

/// Why the files could not be used, and how often they have been looked at since.
struct Failure {
    said: String,
    looks: u32,
}

/// After so many looks, a minute, files that could not be used are read again: what hindered it may not be in them.
const LOOKS_TO_RETRY: u32 = 30;

/// What changes when a file does, also when it is another file that a link leads to, or the same with another
/// mode: device, inode, size, the times of its content and of all else. `None`: one of the two is not there.
type Stamp = Option<[[i64; 7]; 2]>;

impl Certificates {
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let read = stamp(&files);
        let shown = ArcSwap::from_pointee(read_files(&files)?);
        Ok(Arc::new(Self { files, shown, looks: Mutex::new(Looks { read, last: read, failed: None }) }))
    }

    /// TLS 1.2 and 1.3, without certificates of clients.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        Ok(ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(resolver))
    }

    /// Reads the files again and logs what came of it. If they can't be used, the certificate before is shown
    /// as before.
    pub fn reload(&self, now: Timestamp) {
        let read = stamp(&self.files);
        let certified = read_files(&self.files);
        let failed = certified.as_ref().err().map(|error| Failure { said: error.to_string(), looks: 0 });
        let before = {
            let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *looks, Looks { read, last: read, failed }).failed
        };
        match certified {
            Ok(certified) => {
                self.shown.store(Arc::new(certified));
                log::info!("the TLS certificate was reloaded from {}", self.files.certificate.display());
                self.warn_of_end(now);
            }
            // Said once, and not each minute.
            Err(error)
                if before.is_some_and(|before| {
                    before.looks >= LOOKS_TO_RETRY && before.said == error.to_string()
                }) => {}
            Err(error) => {
                log::error!("the TLS certificate was not reloaded, the one before is still shown: {error}");
            }
        }
    }

    /// Whether to read the files again. They have changed since they were read, and not since the last look:
    /// then whoever replaces them is done with it. Or they could not be used, a minute ago.
    pub fn are_due(&self) -> bool {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.files);
        let has_settled = now == looks.last;
        looks.last = now;
        let is_time = looks.failed.as_mut().is_some_and(|failed| {
            failed.looks += 1;
            failed.looks >= LOOKS_TO_RETRY
        });
        has_settled && (now != looks.read || is_time)
    }

    /// Warns if the certificate has expired or will within [`WARN_DAYS`].
    pub fn warn_of_end(&self, now: Timestamp) {
        let shown = self.shown.load();
        let Some(end) = shown.cert.first().and_then(not_after) else {
            log::warn!("it can't be told when the TLS certificate expires");
            return;
        };
        let path = self.files.certificate.display();
        if end < now {
            log::warn!("the TLS certificate {path} expired at {end}: clients refuse it; renew it");
        } else if end < now.plus_days(WARN_DAYS) {
            log::warn!("the TLS certificate {path} expires at {end}: renew it before");
        }
    }
}

/// How many days before its end a certificate is worth a warning.
pub const WARN_DAYS: i64 = 14;

/// When a certificate ends that can be served with its key. `None`: that can't be told.
pub fn certificate_end(files: &TlsFiles) -> Result<Option<Timestamp>, TlsError> {
    Ok(read_files(files)?.cert.first().and_then(not_after))
}

impl fmt::Debug for Certificates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.load_full())
    }
}

fn stamp(files: &TlsFiles) -> Stamp {
    let of = |path: &Path| {
        let found = fs::metadata(path).ok()?;
        let [dev, ino, size] = [found.dev(), found.ino(), found.size()].map(u64::cast_signed);
        Some([dev, ino, size, found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()])
    };
    Some([of(&files.certificate)?, of(&files.key)?])
}

fn read_files(TlsFiles { certificate, key }: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let chain = read_chain(certificate)?;
    let private = read_key(key)?;
    CertifiedKey::from_der(chain, private, &provider::default_provider())
        .map_err(|source| TlsError::Unusable { certificate: certificate.clone(), key: key.clone(), source })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let (what, flag) = ("certificate", "--tls-cert");
    let pem = fs::read(path).map_err(|source| TlsError::Unreadable {
        what,
        path: path.to_owned(),
        source,
        flag,
    })?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|_| TlsError::Damaged(path.to_owned()))?;
    if chain.is_empty() {
        return Err(TlsError::Nothing { what, path: path.to_owned(), flag });
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let (what, flag) = ("key", "--tls-key");
    let unreadable = |source| TlsError::Unreadable { what, path: path.to_owned(), source, flag };
    // A group that may read certificates' keys is ordinary practice; nobody else may, and none may replace it.
    if fs::metadata(path).map_err(unreadable)?.permissions().mode() & 0o037 != 0 {
        return Err(TlsError::Exposed(path.to_owned()));
    }
    let pem = Zeroizing::new(fs::read(path).map_err(unreadable)?);
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        PemError::NoItemsFound if pem.windows(9).any(|word| word == b"ENCRYPTED") => {
            TlsError::Encrypted(path.to_owned())
        }
        PemError::NoItemsFound => TlsError::Nothing { what, path: path.to_owned(), flag },
        _ => TlsError::Damaged(path.to_owned()),
    })
}

/// When a certificate ends. `None`: it is one that rustls takes and this reader doesn't.
fn not_after(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    i64::try_from(end.as_secs()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    #[test]
    fn files_that_could_not_be_used_are_due_again_after_a_minute_and_others_when_they_change() {
        let directory = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            certificate: directory.path().join("cert.pem"),
            key: directory.path().join("key.pem"),
        };
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(&files.certificate, issued.cert.pem()).unwrap();
        fs::write(&files.key, issued.signing_key.serialize_pem()).unwrap();
        let mode = |mode| fs::set_permissions(&files.key, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o600);
        let certificates = Certificates::load(files.clone()).unwrap();
        assert!((0..100).all(|_| !certificates.are_due()));
        mode(0o644);
        assert_eq!([certificates.are_due(), certificates.are_due()], [false, true]);
        certificates.reload(NOW);
        for _ in 0..3 {
            assert!((1..LOOKS_TO_RETRY).all(|_| !certificates.are_due()));
            assert!(certificates.are_due());
            certificates.reload(NOW);
        }
        mode(0o600);
        assert_eq!([certificates.are_due(), certificates.are_due()], [false, true]);
        certificates.reload(NOW);
        assert!((0..100).all(|_| !certificates.are_due()));
    }
}
