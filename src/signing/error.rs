//! Errors of keys, each with the next step, and of signing.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::Fingerprint;

/// A key can't be used. The message says which, where, why, and what to do; it never holds a byte of the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("no signing key at {0}: run \"keyseal init\" or \"keyseal signing-key generate\"")]
    Missing(PathBuf),
    #[error(
        "no signing key at {path}, but product {product_id} has one: restore the file from a backup, it can't be \
         generated again"
    )]
    MissingForProduct { path: PathBuf, product_id: i64 },
    #[error(
        "no signing key at {path}, but the database names {}: restore the file from a backup; if the key is lost for \
         good, run \"keyseal signing-key generate --replace-lost\" and give all your clients the new public key",
        named.0
    )]
    MissingGlobal { path: PathBuf, named: Fingerprint },
    #[error("can't read the signing key {path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("can't write the signing key {path}: {source}")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error(
        "the signing key {0} can be read by others: run \"chmod 600 {0}\", and replace the key if others may have read \
         it"
    )]
    Exposed(PathBuf),
    #[error(
        "the signing key {0} is encrypted, and the server can't ask for a passphrase: decrypt it with \"openssl pkey \
         -in {0} -out plain.pem\""
    )]
    Encrypted(PathBuf),
    #[error(
        "the signing key {0} is smaller than 2048 bits or has a public exponent below 65537, which clients reject: \
         generate one with \"keyseal signing-key generate\""
    )]
    TooSmall(PathBuf),
    #[error(
        "the signing key {0} is larger than 4096 bits, which is not supported: generate one of 2048 to 4096 bits"
    )]
    TooLarge(PathBuf),
    #[error(
        "{path} holds {found}, not an RSA private key: generate one with \"openssl genpkey -algorithm RSA -out {path}\""
    )]
    NotRsa { path: PathBuf, found: String },
    #[error(
        "{path} is no RSA private key in PKCS#8 or PKCS#1, PEM or DER ({reason}): check it with \"openssl pkey -in \
         {path} -check -noout\", and restore it from a backup if it is damaged"
    )]
    Invalid { path: PathBuf, reason: String },
    #[error(
        "{path} is not the key that the database names for product {product_id}: restore the right file from a backup"
    )]
    Mismatch { path: PathBuf, product_id: i64 },
    #[error(
        "{path} holds the key {}, but the database names {}: restore the right file from a backup; if that key is lost \
         for good, move this file away, run \"keyseal signing-key generate --replace-lost\" or \"import FILE \
         --replace-lost\", and give all your clients the new public key",
        found.0,
        named.0
    )]
    MismatchGlobal { path: PathBuf, found: Fingerprint, named: Fingerprint },
    #[error(
        "the signing key of {signer} is the demo's, whose private key is public: replace it with \"keyseal signing-key \
         rotate{option}\" and then \"keyseal signing-key rotate --activate{option}\", and give your clients the new \
         public key"
    )]
    DemoKey { signer: String, option: String },
    #[error(
        "{0} is the key that the database names, so it is not lost: to replace it, run \"keyseal signing-key rotate\""
    )]
    NotLost(PathBuf),
    #[error(
        "there is a signing key at {0} already, and clients may trust it: move it away first if none does"
    )]
    Exists(PathBuf),
    #[error(
        "{0} is not the next key that was published: restore the right file, or withdraw the next key with \"keyseal \
         signing-key rotate --withdraw\""
    )]
    NotPublished(PathBuf),
    #[error("the key could not be generated: {0}")]
    Generation(String),
    #[error("can't start a signing thread: {0}")]
    Thread(io::Error),
}

impl KeyError {
    /// The error for a demo's key: of this product or, without one, of the installation.
    pub fn demo_key(product_id: Option<i64>) -> Self {
        match product_id {
            None => Self::DemoKey { signer: "the installation".to_owned(), option: String::new() },
            Some(id) => Self::DemoKey { signer: format!("product {id}"), option: format!(" --product {id}") },
        }
    }

    /// The error for a key file that could not be made, also because there is one already.
    pub(super) fn not_made(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path.to_owned()),
            _ => Self::Unwritable { path: path.to_owned(), source },
        }
    }
}

/// An answer could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("signing failed")]
    Failed,
}
