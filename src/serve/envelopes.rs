//! Envelopes that hold nothing but an outcome: those of one second under one key are the same bytes, and are
//! written and signed once for all who get them.
//!
//! Nothing has to be forgotten on time, because the second is part of what is asked for; what is no longer
//! asked for is displaced.

use std::sync::Arc;

use actix_web::web::Bytes;
use quick_cache::sync::Cache;

use crate::domain::Timestamp;
use crate::signing::{self, Caching, Priority, Signatures};
use crate::wire::envelope::{self, Label, Signer, Unsigned};
use crate::wire::reply::Reply;

/// How many are remembered, of about 1 KB each. Where there are more products than this in one second, their
/// signatures are still shared.
const REMEMBERED: usize = 1024;

/// What an envelope is told apart by: its outcome's code, the seconds after which to come back, the label and
/// the fingerprint of the key that signs, and the time in it.
type Question = (u16, Option<u64>, Label, Arc<str>, Timestamp);

pub struct Envelopes(Cache<Question, Bytes>);

impl Default for Envelopes {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Envelopes {
    /// A reply in its envelope: the bytes to send.
    pub async fn sign(
        &self,
        reply: &Reply,
        at: Timestamp,
        signer: &Signer,
        signatures: &Signatures,
        (priority, caching): (Priority, Caching),
    ) -> Result<Bytes, signing::Error> {
        let mut is_shared = true;
        let sealing = async {
            is_shared = false;
            envelope::sign(&Unsigned::write(reply, at), signer, signatures, priority, caching)
                .await
                .map(Bytes::from)
        };
        let Some(question) = question(reply, at, signer) else { return sealing.await };
        let sealed = self.0.get_or_insert_async(&question, sealing).await?;
        if is_shared {
            signatures.note_shared();
        }
        Ok(sealed)
    }
}

/// `None`: it holds more than its outcome, or nothing signs it.
fn question(reply: &Reply, at: Timestamp, signer: &Signer) -> Option<Question> {
    let fingerprint = signer.fingerprint().filter(|_| reply.is_bare())?;
    Some((reply.outcome.code(), reply.retry_after, signer.label(), fingerprint, at))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::{Fingerprint, Outcome, ProductKey};
    use crate::files::DataDir;
    use crate::signing::{Keyring, SigningKey};

    const NOW: Timestamp = Timestamp(1_700_000_000);

    /// The installation signs by the same key as product 1, so that only the label tells them apart.
    fn keyring() -> (TempDir, Keyring, Fingerprint) {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        data.create().unwrap();
        let pem = include_str!("../../tests/golden/keys/pkcs8.pem");
        SigningKey::save(pem, &Keyring::global_path(&data)).unwrap();
        SigningKey::save(pem, &Keyring::product_path(&data, 1)).unwrap();
        let keyring = Keyring::load(&data, &[], &[]).unwrap();
        let fingerprint = keyring.global().unwrap().fingerprint().clone();
        (directory, keyring, fingerprint)
    }

    #[tokio::test]
    async fn the_same_of_one_second_is_the_same_bytes_and_all_else_is_sealed_by_itself() {
        let (_directory, keyring, fingerprint) = keyring();
        let (signatures, envelopes) = (Signatures::start(1).unwrap(), Envelopes::default());
        let global = Signer::choose(&keyring, None).unwrap();
        let product = Signer::choose(&keyring, Some(&ProductKey { product_id: 1, fingerprint })).unwrap();
        let unsigned = Signer::choose(&Keyring::empty(&DataDir::new("nowhere")), None).unwrap();
        let valid = Reply::from(Outcome::LicenseValid);
        let seal = async |reply: &Reply, at, signer: &Signer| {
            envelopes
                .sign(reply, at, signer, &signatures, (Priority::Normal, Caching::IfShort))
                .await
                .unwrap()
        };
        let first = seal(&valid, NOW, &global).await;
        assert_eq!(seal(&valid, NOW, &global).await.as_ptr(), first.as_ptr());
        assert_eq!((signatures.requested(), signatures.made()), (2, 1));
        let others = [
            seal(&Outcome::LicenseBlocked.into(), NOW, &global).await,
            seal(&valid, Timestamp(NOW.0 + 1), &global).await,
            seal(&valid, NOW, &product).await,
            seal(&valid, NOW, &unsigned).await,
            seal(&valid.clone().after(1), NOW, &global).await,
            seal(&valid.clone().after(2), NOW, &global).await,
            seal(&valid.clone().with("meta_id", 1), NOW, &global).await,
            seal(&valid.clone().with("meta_id", 2), NOW, &global).await,
        ];
        for (number, other) in others.iter().enumerate() {
            assert_ne!(*other, first);
            assert!(!others[..number].contains(other), "{other:?}");
        }
        assert_eq!(seal(&valid, NOW, &global).await.as_ptr(), first.as_ptr());
        // What holds more than its outcome is written each time, and so is what nothing signs.
        let more = valid.clone().with("meta_id", 1);
        assert_ne!(seal(&more, NOW, &global).await.as_ptr(), seal(&more, NOW, &global).await.as_ptr());
        assert_ne!(seal(&valid, NOW, &unsigned).await.as_ptr(), seal(&valid, NOW, &unsigned).await.as_ptr());
    }
}
