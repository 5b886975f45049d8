//! Errors of a certificate or its key.

use std::io;
use std::path::PathBuf;

/// A problem with the TLS files: what, where, why, and the next step. Never contains a byte of the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(
        "can't read the TLS {what} {path}: {source}; give the right file with {flag}, readable by the user of the \
         server"
    )]
    Unreadable { what: &'static str, path: PathBuf, source: io::Error, flag: &'static str },
    #[error(
        "the TLS key {0} can be read or written by others: run \"chmod 600 {0}\", or 640 for a group that may read it, \
         and replace the key if others had access"
    )]
    Exposed(PathBuf),
    #[error(
        "the TLS key {0} is encrypted, and the server can't ask for a passphrase: run \"openssl pkey -in {0} -out \
         plain.pem\""
    )]
    Encrypted(PathBuf),
    #[error("{path} contains no {what} in PEM format: give the right file with {flag}")]
    NoPemItem { what: &'static str, path: PathBuf, flag: &'static str },
    #[error("{0} begins with a byte order mark, which hides its first PEM item: save the file without one")]
    ByteOrderMark(PathBuf),
    #[error("the PEM in {0} is damaged: check whether openssl can read the file")]
    Damaged(PathBuf),
    #[error(
        "the first certificate in {0} is not the server's own: put the certificate that belongs to the key first, and \
         the intermediate ones after it"
    )]
    ChainOrder(PathBuf),
    #[error("the certificate {certificate} can't be used with the key {key}: {source}")]
    Unusable { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("can't set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}
