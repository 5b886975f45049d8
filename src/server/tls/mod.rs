//! HTTPS: the certificate and its key, loaded from files, and reloaded when the files change.

mod error;
mod files;

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::crypto::ring as provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};

use crate::config::TlsFiles;
use crate::domain::Timestamp;

pub use error::TlsError;
pub use files::certificate_end;

/// The number of days before the end of a certificate from which the server warns.
pub const WARN_DAYS: i64 = 14;

/// The certificate that clients get, replaced when its files change. Every handshake reads it without a lock.
pub struct Certificates {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
    watch: Mutex<Watch>,
}

/// The state of the files at the last load and the last check.
struct Watch {
    /// The files when they were last read.
    loaded: Stamp,
    /// The files at the last check.
    checked: Stamp,
    /// Set while the files can't be used.
    failure: Option<Failure>,
}

/// The reason why the files could not be used, and the number of checks since then.
struct Failure {
    message: String,
    checks: u32,
}

/// Files that could not be used are read again after this many checks, which is a minute, even if they have
/// not changed: the cause may lie outside of them.
const CHECKS_UNTIL_RETRY: u32 = 30;

/// Identifies the state of both files: for each its device, inode, size, mtime and ctime. It changes with the
/// content, the mode, and the target of a symbolic link. `None`: one of the files does not exist.
type Stamp = Option<[[i64; 7]; 2]>;

impl Certificates {
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let stamp = stamp(&files);
        let current = ArcSwap::from_pointee(files::read(&files)?);
        let watch = Watch { loaded: stamp, checked: stamp, failure: None };
        Ok(Arc::new(Self { files, current, watch: Mutex::new(watch) }))
    }

    /// TLS 1.2 and 1.3, without client certificates.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        Ok(ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(resolver))
    }

    /// Reads the files again and logs the result. If they can't be used, the previous certificate stays.
    pub fn reload(&self, now: Timestamp) {
        let stamp = stamp(&self.files);
        let certified = files::read(&self.files);
        let failure = certified.as_ref().err().map(|error| Failure { message: error.to_string(), checks: 0 });
        let previous = {
            let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *watch, Watch { loaded: stamp, checked: stamp, failure }).failure
        };
        match certified {
            Ok(certified) => {
                self.current.store(Arc::new(certified));
                log::info!("the TLS certificate was reloaded from {}", self.files.certificate.display());
                self.warn_if_expiring(now);
            }
            Err(error) => {
                let message = error.to_string();
                let is_retry =
                    |failure: &Failure| failure.checks >= CHECKS_UNTIL_RETRY && failure.message == message;
                // The same failure is logged once, not at each retry.
                if !previous.as_ref().is_some_and(is_retry) {
                    log::error!(
                        "the TLS certificate was not reloaded, the previous one stays in use: {message}"
                    );
                }
            }
        }
    }

    /// Checks the files, and says whether to reload them: when they have changed since they were read but not
    /// since the last check, so that nobody is still writing them, or when a failure is to be retried.
    pub fn needs_reload(&self) -> bool {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let now = stamp(&self.files);
        let is_stable = now == watch.checked;
        watch.checked = now;
        let is_retry_due = watch.failure.as_mut().is_some_and(|failure| {
            failure.checks += 1;
            failure.checks >= CHECKS_UNTIL_RETRY
        });
        is_stable && (now != watch.loaded || is_retry_due)
    }

    /// Warns if the certificate has expired or will within [`WARN_DAYS`].
    pub fn warn_if_expiring(&self, now: Timestamp) {
        let current = self.current.load();
        let Some(end) = current.cert.first().and_then(files::not_after) else {
            log::warn!("the expiry date of the TLS certificate can't be read");
            return;
        };
        let path = self.files.certificate.display();
        if end < now {
            log::warn!("the TLS certificate {path} expired at {end}: clients refuse it; renew it");
        } else if end < now.plus_days(WARN_DAYS) {
            log::warn!("the TLS certificate {path} expires at {end}: renew it before then");
        }
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Certificates").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000);

    #[test]
    fn files_that_could_not_be_used_needs_reload_again_after_a_minute_and_others_when_they_change() {
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
        assert!((0..100).all(|_| !certificates.needs_reload()));
        mode(0o644);
        assert_eq!([certificates.needs_reload(), certificates.needs_reload()], [false, true]);
        certificates.reload(NOW);
        for _ in 0..3 {
            assert!((1..CHECKS_UNTIL_RETRY).all(|_| !certificates.needs_reload()));
            assert!(certificates.needs_reload());
            certificates.reload(NOW);
        }
        mode(0o600);
        assert_eq!([certificates.needs_reload(), certificates.needs_reload()], [false, true]);
        certificates.reload(NOW);
        assert!((0..100).all(|_| !certificates.needs_reload()));
    }
}
