//! Public RSA keys, with which clients verify answers.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::RsaPublicKey;
use rsa::pkcs1::{DecodeRsaPublicKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, LineEnding};
use rsa::traits::PublicKeyParts as _;
use sha2::{Digest as _, Sha256};

use super::library::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use crate::domain::Fingerprint;

/// A public key in two encodings: SPKI PEM for people, PKCS#1 DER for the library that verifies.
#[derive(Clone, Debug)]
pub struct PublicKey {
    pkcs1: Vec<u8>,
    pem: String,
    fingerprint: Fingerprint,
    bits: usize,
}

impl PublicKey {
    /// Parses `-----BEGIN PUBLIC KEY-----` (SPKI) or `-----BEGIN RSA PUBLIC KEY-----` (PKCS#1). The error is
    /// the reason.
    pub fn parse(pem: &str) -> Result<Self, String> {
        let pem = pem.trim();
        if pem.contains("PRIVATE KEY") {
            return Err("this is a private key: give the public one".to_owned());
        }
        let key = if pem.starts_with("-----BEGIN RSA PUBLIC KEY-----") {
            RsaPublicKey::from_pkcs1_pem(pem).map_err(|error| error.to_string())
        } else {
            RsaPublicKey::from_public_key_pem(pem).map_err(|error| error.to_string())
        };
        Self::new(&key?)
    }

    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, String> {
        Self::new(&RsaPublicKey::from_pkcs1_der(der).map_err(|error| error.to_string())?)
    }

    fn new(key: &RsaPublicKey) -> Result<Self, String> {
        let pkcs1 = key.to_pkcs1_der().map_err(|error| error.to_string())?.into_vec();
        let spki = key.to_public_key_der().map_err(|error| error.to_string())?;
        let pem = key.to_public_key_pem(LineEnding::LF).map_err(|error| error.to_string())?;
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(spki.as_bytes()) {
            write!(hex, "{byte:02x}").map_err(|error| error.to_string())?;
        }
        Ok(Self { pkcs1, pem, fingerprint: Fingerprint(hex.into()), bits: key.size() * 8 })
    }

    /// SPKI PEM, ending with a line break.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The length of a signature in bytes, which is that of the modulus.
    pub fn signature_len(&self) -> usize {
        self.bits / 8
    }

    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    pub fn bits(&self) -> usize {
        self.bits
    }

    /// Whether `signature`, in base64, is a signature of `message` by this key (API §1.6).
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        BASE64.decode(signature).is_ok_and(|signature| {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.pkcs1)
                .verify(message, &signature)
                .is_ok()
        })
    }
}
