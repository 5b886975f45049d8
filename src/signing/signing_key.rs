//! Private RSA keys: reads the formats that `openssl` and others write, and signs.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pkcs8::EncryptedPrivateKeyInfo;
use zeroize::Zeroizing;

use super::library::error::KeyRejected;
use super::library::rand::SystemRandom;
use super::library::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use super::{Error, KeyError, PublicKey};
use crate::domain::Fingerprint;
use crate::files::{create_private_file, open_named, open_regular, sync_names};

/// The number of bytes of a key file that are read: far more than a key of 4096 bits takes, with certificates beside
/// it.
const MAX_BYTES: usize = 64 * 1024;

const PEM_BEGIN: &str = "-----BEGIN ";

/// A private key of 2048 to 4096 bits. Has no `Debug`, so it can't be printed.
pub struct SigningKey {
    pair: RsaKeyPair,
    random: SystemRandom,
    public: PublicKey,
}

impl SigningKey {
    /// Reads a key file of the data directory. Refuses a symbolic link, and a file that other users can read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::parse(&read_private(open_regular(path), path)?, path)
    }

    /// Reads a key file that the operator named, in any encoding, as PEM, after checking that its key can sign.
    pub fn read_pem(path: &Path) -> Result<Zeroizing<String>, KeyError> {
        let bytes = read_private(open_named(path), path)?;
        Self::parse(&bytes, path)?;
        Ok(Zeroizing::new(match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains(PEM_BEGIN) => text.to_owned(),
            _ => {
                let tag =
                    if RsaKeyPair::from_pkcs8(&bytes).is_ok() { "PRIVATE KEY" } else { "RSA PRIVATE KEY" };
                pem::encode(&pem::Pem::new(tag, bytes.as_slice()))
            }
        }))
    }

    /// Parses a key in PKCS#8 or PKCS#1, PEM or DER. `path` is for the error message.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, KeyError> {
        let pair = match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(PEM_BEGIN) => from_pem(text, path)?,
            _ => from_der(bytes, path)?,
        };
        let public = PublicKey::from_pkcs1(pair.public_key().as_ref())
            .map_err(|reason| KeyError::Invalid { path: path.to_owned(), reason })?;
        Ok(Self { pair, random: SystemRandom::new(), public })
    }

    /// Writes a key file that only its owner can read, and syncs it: a lost key can't be made again. Never
    /// replaces a file.
    pub fn save(pem: &str, path: &Path) -> Result<(), KeyError> {
        let write = || {
            let mut file = create_private_file(path)?;
            file.write_all(pem.as_bytes())?;
            file.sync_all()?;
            // The directory too, or a power cut may remove the new file from it.
            path.parent().map_or(Ok(()), sync_names)
        };
        write().map_err(|source| KeyError::not_made(path, source))
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub fn fingerprint(&self) -> &Fingerprint {
        self.public.fingerprint()
    }

    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256, in base64 (API §1.6). Takes about a millisecond of CPU time.
    pub fn sign(&self, message: &[u8]) -> Result<String, Error> {
        let mut signature = vec![0; self.public.signature_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
            .map_err(|_| Error::Failed)?;
        Ok(BASE64.encode(signature))
    }
}

/// Reads a file after checking that other users can't read it.
fn read_private(opened: io::Result<File>, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
        _ => KeyError::Unreadable { path: path.to_owned(), source: error },
    };
    let file = opened.map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyError::Exposed(path.to_owned()));
    }
    // The whole capacity at once, so that no copy of a key is left behind in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    file.take(MAX_BYTES as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn from_pem(text: &str, path: &Path) -> Result<RsaKeyPair, KeyError> {
    let invalid = |reason: String| KeyError::Invalid { path: path.to_owned(), reason };
    // The crate's own message would quote the damaged line, which is part of the key.
    let blocks = pem::parse_many(text).map_err(|_| invalid("its PEM framing is damaged".to_owned()))?;
    // "openssl ecparam" and bundles have other blocks before the key.
    let block = blocks
        .iter()
        .find(|block| block.tag().ends_with("PRIVATE KEY"))
        .or(blocks.first())
        .ok_or_else(|| invalid("it holds no PEM block".to_owned()))?;
    let is_encrypted = block.headers().iter().any(|(_, value)| value.contains("ENCRYPTED"));
    let read = match block.tag() {
        _ if is_encrypted => return Err(KeyError::Encrypted(path.to_owned())),
        "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted(path.to_owned())),
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(block.contents()),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(block.contents()),
        other => return Err(KeyError::NotRsa { path: path.to_owned(), found: format!("\"{other}\"") }),
    };
    read.map_err(|error| rejected(error, path))
}

fn from_der(bytes: &[u8], path: &Path) -> Result<RsaKeyPair, KeyError> {
    if EncryptedPrivateKeyInfo::try_from(bytes).is_ok() {
        return Err(KeyError::Encrypted(path.to_owned()));
    }
    // If neither works, the error is that of PKCS#8, unless PKCS#1 got further.
    RsaKeyPair::from_pkcs8(bytes).or_else(|as_pkcs8| {
        RsaKeyPair::from_der(bytes).map_err(|as_pkcs1| match as_pkcs1.to_string().as_str() {
            "InvalidEncoding" => rejected(as_pkcs8, path),
            _ => rejected(as_pkcs1, path),
        })
    })
}

/// Converts the library's error, which has only a short name, to a message.
fn rejected(error: KeyRejected, path: &Path) -> KeyError {
    let path = path.to_owned();
    match error.to_string().as_str() {
        "TooSmall" => KeyError::TooSmall(path),
        "TooLarge" => KeyError::TooLarge(path),
        "WrongAlgorithm" => KeyError::NotRsa { path, found: "a key of another kind".to_owned() },
        reason => KeyError::Invalid { path, reason: reason.to_owned() },
    }
}
