//! Reads the certificate chain and its key from their files.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustls::crypto::ring as provider;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as RustlsError, InconsistentKeys};
use x509_cert::der::Decode as _;
use zeroize::Zeroizing;

use super::TlsError;
use crate::config::TlsFiles;
use crate::domain::Timestamp;
use crate::files::open_named;

/// The number of bytes of each file that are read: far more than any chain of certificates takes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Returns the time when the certificate in these files expires, after checking that it can be served with its key.
/// `None`: the date can't be read.
pub fn certificate_end(files: &TlsFiles) -> Result<Option<Timestamp>, TlsError> {
    Ok(read(files)?.cert.first().and_then(not_after))
}

/// Reads both files and checks that the key belongs to the first certificate.
pub fn read(TlsFiles { certificate, key }: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let chain = read_chain(certificate)?;
    let private = read_key(key)?;
    let certified = |chain, private| CertifiedKey::from_der(chain, private, &provider::default_provider());
    certified(chain.clone(), private.clone_key()).map_err(|source| {
        let is_key_of =
            |other: &CertificateDer<'static>| certified(vec![other.clone()], private.clone_key()).is_ok();
        match source {
            RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) if chain.iter().any(is_key_of) => {
                TlsError::ChainOrder(certificate.clone())
            }
            source => TlsError::Unusable { certificate: certificate.clone(), key: key.clone(), source },
        }
    })
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let (what, flag) = ("certificate", "--tls-cert");
    let unreadable = |source| TlsError::Unreadable { what, path: path.to_owned(), source, flag };
    let mut pem = Vec::new();
    let opened = open_named(path).map_err(unreadable)?;
    opened.take(MAX_BYTES).read_to_end(&mut pem).map_err(unreadable)?;
    refuse_byte_order_mark(&pem, path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.map_err(|_| TlsError::Damaged(path.to_owned()))?;
    if chain.is_empty() {
        return Err(TlsError::NoPemItem { what, path: path.to_owned(), flag });
    }
    Ok(chain)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let (what, flag) = ("key", "--tls-key");
    let unreadable = |source| TlsError::Unreadable { what, path: path.to_owned(), source, flag };
    // Certificate tools often make keys readable by a group (0640). No other access is accepted.
    let opened = open_named(path).map_err(unreadable)?;
    if opened.metadata().map_err(unreadable)?.permissions().mode() & 0o037 != 0 {
        return Err(TlsError::Exposed(path.to_owned()));
    }
    let mut pem = Zeroizing::new(Vec::new());
    opened.take(MAX_BYTES).read_to_end(&mut pem).map_err(unreadable)?;
    refuse_byte_order_mark(&pem, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        PemError::NoItemsFound if pem.windows(9).any(|word| word == b"ENCRYPTED") => {
            TlsError::Encrypted(path.to_owned())
        }
        PemError::NoItemsFound => TlsError::NoPemItem { what, path: path.to_owned(), flag },
        _ => TlsError::Damaged(path.to_owned()),
    })
}

/// Refuses a byte order mark in a PEM file: the parser does not recognise the item right behind it, and would skip it
/// silently.
fn refuse_byte_order_mark(pem: &[u8], path: &Path) -> Result<(), TlsError> {
    if pem.starts_with(b"\xEF\xBB\xBF-----BEGIN") {
        return Err(TlsError::ByteOrderMark(path.to_owned()));
    }
    Ok(())
}

/// Returns the time when a certificate expires. `None`: rustls accepts the certificate, but `x509_cert` can't parse
/// it.
pub fn not_after(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    i64::try_from(end.as_secs()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_chain_in_the_wrong_order_and_a_byte_order_mark_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            certificate: directory.path().join("cert.pem"),
            key: directory.path().join("key.pem"),
        };
        let issue = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (own, other) = (issue(), issue());
        let (own_pem, other_pem) = (own.cert.pem(), other.cert.pem());
        fs::write(&files.key, own.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
        let outcome = |chain: String| {
            fs::write(&files.certificate, chain).unwrap();
            read(&files)
        };
        assert!(outcome(format!("{own_pem}{other_pem}")).is_ok());
        assert!(matches!(outcome(format!("{other_pem}{own_pem}")), Err(TlsError::ChainOrder(_))));
        assert!(matches!(outcome(format!("\u{feff}{own_pem}")), Err(TlsError::ByteOrderMark(_))));
        assert!(matches!(outcome(other_pem.clone()), Err(TlsError::Unusable { .. })));
        assert!(matches!(outcome("nonsense".to_owned()), Err(TlsError::NoPemItem { .. })));
    }
}
