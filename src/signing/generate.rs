//! Makes key pairs, which `ring` can't.

use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::OsRng;
use zeroize::Zeroizing;

use super::KeyError;

/// The size of a new key unless the operator wants a larger one: it signs six times as fast as 4096 bits.
pub const DEFAULT_BITS: usize = 2048;

/// A new private key of `bits` bits as PKCS#8 PEM. Takes a good part of a second at 2048 bits, and seconds at 4096.
pub fn generate(bits: usize) -> Result<Zeroizing<String>, KeyError> {
    RsaPrivateKey::new(&mut OsRng, bits)
        .map_err(|error| KeyError::Generation(error.to_string()))?
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|error| KeyError::Generation(error.to_string()))
}
