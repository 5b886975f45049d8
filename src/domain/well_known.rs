//! Secrets that are none: those of the demo, which everybody can read in its source.

use super::Fingerprint;

/// What a server that is no demo must not go by.
#[derive(Clone, Debug, Default)]
pub struct WellKnown {
    /// By their hashes.
    pub api_keys: Vec<[u8; 32]>,
    pub signing_keys: Vec<Fingerprint>,
}
