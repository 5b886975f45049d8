//! Generates key pairs, which `ring` can't.

use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::OsRng;
use zeroize::Zeroizing;

use super::KeyError;

/// The default size of a new key: it signs six times as fast as one of 4096 bits.
pub const DEFAULT_BITS: usize = 2048;

/// Generates a private key of `bits` bits, as PKCS#8 PEM. Takes up to a second at 2048 bits, several at 4096.
pub fn generate(bits: usize) -> Result<Zeroizing<String>, KeyError> {
    RsaPrivateKey::new(&mut OsRng, bits)
        .map_err(|error| KeyError::Generation(error.to_string()))?
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|error| KeyError::Generation(error.to_string()))
}
