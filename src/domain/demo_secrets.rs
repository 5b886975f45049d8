//! The secrets of the demo, which anyone can read in the source.

use super::Fingerprint;

/// Keys that protect nothing, because they are public: every server that is not a demo checks for them.
#[derive(Clone, Debug, Default)]
pub struct DemoSecrets {
    /// SHA-256 of each API key.
    pub api_keys: Vec<[u8; 32]>,
    pub signing_keys: Vec<Fingerprint>,
}
