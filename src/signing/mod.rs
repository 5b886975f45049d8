//! Private keys and signatures: reading and making keys, and signing with them. The only place that uses `ring`.

mod error;
mod generate;
mod keyring;
mod public_key;
mod signatures;
mod signing_key;

pub use error::{Error, KeyError};
pub use generate::{DEFAULT_BITS, generate};
pub use keyring::Keyring;
pub use public_key::PublicKey;
pub use signatures::Signatures;
pub use signing_key::SigningKey;
