//! What can be wrong with a key, each with the next step; and why an answer could not be signed.

use std::io;
use std::path::PathBuf;

use crate::domain::Fingerprint;

/// A key file that can't be used: what, where, why, and what to do. Never holds a byte of the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("no signing key at {0}: run \"keyseal init\" or \"keyseal signing-key generate\"")]
    Missing(PathBuf),
    #[error(
        "no signing key at {path}, but product {product_id} has one: put the file back from a backup, it can't be made again"
    )]
    MissingForProduct { path: PathBuf, product_id: i64 },
    #[error(
        "no signing key at {path}, but the database names {}: put the file back from a backup; if it is lost for good, \"keyseal signing-key generate --replace-lost\" makes another, whose public key all your clients then need", named.0
    )]
    MissingGlobal { path: PathBuf, named: Fingerprint },
    #[error("can't read the signing key {path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("can't write the signing key {path}: {source}")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error(
        "the signing key {0} can be read by others: run \"chmod 600 {0}\", and replace the key if others had access"
    )]
    Exposed(PathBuf),
    #[error(
        "the signing key {0} is encrypted, and a server can't ask for a passphrase: run \"openssl pkey -in {0} -out plain.pem\""
    )]
    Encrypted(PathBuf),
    #[error(
        "the signing key {0} is smaller than 2048 bits, which clients refuse: make one with \"keyseal signing-key generate\""
    )]
    TooSmall(PathBuf),
    #[error(
        "the signing key {0} is larger than 4096 bits, which is not supported: make one of 2048 to 4096 bits"
    )]
    TooLarge(PathBuf),
    #[error(
        "{path} holds {found}, not an RSA private key: make one with \"openssl genpkey -algorithm RSA -out {path}\""
    )]
    NotRsa { path: PathBuf, found: String },
    #[error(
        "{path} is no RSA private key in PKCS#8 or PKCS#1, PEM or DER ({reason}): see whether \"openssl pkey -in {path} -check -noout\" can read it, and put it back from a backup if not"
    )]
    Invalid { path: PathBuf, reason: String },
    #[error(
        "{path} is not the key that the database names for product {product_id}: put the right file back from a backup"
    )]
    Mismatch { path: PathBuf, product_id: i64 },
    #[error(
        "{path} holds the key {}, but the database names {}: put the right file back from a backup; if it is lost for good, move this one away and run \"keyseal signing-key generate --replace-lost\" or \"import FILE --replace-lost\": all your clients then need the new public key", found.0, named.0
    )]
    MismatchGlobal { path: PathBuf, found: Fingerprint, named: Fingerprint },
    #[error(
        "the signing key of {signer} is the demo's, and everybody has its private half: go over to another with \"keyseal signing-key rotate{option}\" and \"keyseal signing-key rotate --activate{option}\", and give your clients its public key"
    )]
    DemoKey { signer: String, option: String },
    #[error(
        "{0} is the key that the database names, so it is not lost: go over to another with \"keyseal signing-key rotate\""
    )]
    NotLost(PathBuf),
    #[error(
        "there is a signing key at {0} already: clients may trust it, so it is not replaced; move it away if none does"
    )]
    Exists(PathBuf),
    #[error(
        "{0} is not the next key that was published: put the right file back, or take the next key back with \"keyseal signing-key rotate --withdraw\""
    )]
    NotPublished(PathBuf),
    #[error("the key could not be made: {0}")]
    Generation(String),
    #[error("can't start a signing thread: {0}")]
    Thread(io::Error),
}

impl KeyError {
    /// The key of a product, or of the installation, is one of the demo's: anyone can sign with it.
    pub fn demo_key(product_id: Option<i64>) -> Self {
        match product_id {
            None => Self::DemoKey { signer: "the installation".to_owned(), option: String::new() },
            Some(id) => Self::DemoKey { signer: format!("product {id}"), option: format!(" --product {id}") },
        }
    }
}

/// An answer could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the signature could not be made")]
    Failed,
}
