//! Private keys and signatures: reads and generates keys, and signs with them. The only module that uses
//! `ring`, or, with the feature `aws-lc`, the library that has the same interface.

mod delay;
mod error;
mod generate;
mod global_key;
pub mod key_files;
mod keyring;
mod public_key;
mod queue;
mod signatures;
mod signing_key;
mod staged_key;

#[cfg(feature = "aws-lc")]
use aws_lc_rs as library;
#[cfg(not(feature = "aws-lc"))]
use ring as library;

pub use delay::{Promise, SigningDelay};
pub use error::{Error, KeyError};
pub use generate::{DEFAULT_BITS, generate};
pub use global_key::{load_global, place_for_global};
pub use keyring::Keyring;
pub use public_key::PublicKey;
pub use signatures::{Priority, Signatures};
pub use signing_key::SigningKey;
pub use staged_key::StagedKey;
