//! The identity of signing keys: the fingerprint of the public half, and the product that owns the key.

use std::sync::Arc;

/// SHA-256 of a public key's SPKI encoding, in lower-case hex. Identifies a signing key without revealing it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub Arc<str>);

/// Identifies one signing key of a product that has keys of its own. After a rotation a product has several:
/// the fingerprint says which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductKey {
    pub product_id: i64,
    pub fingerprint: Fingerprint,
}
