//! Cache of signed answers. Identical answers of one second, under one key, share one signature and one envelope.
//!
//! PKCS#1 v1.5 is deterministic, and most answers hold only a code, a message and the second: they are the
//! same bytes for everybody, and so are their signatures. Entries need no expiry, because the second is part
//! of the key; entries that are no longer requested are evicted.

use std::sync::Arc;

use actix_web::web::Bytes;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::domain::Timestamp;
use crate::signing::{Error, Priority, Signatures};
use crate::wire::envelope::{self, Label, Signer, Unsigned};
use crate::wire::reply::Reply;

/// The number of envelopes in the cache, of about 1 KB each: more than there are (product, code) pairs in a second.
const CAPACITY: usize = 4096;

/// The longest signed text that is a cache key as it is, in bytes. A longer one carries data of its own and is rarely
/// requested twice; where it is, its hash is the key.
const MAX_CACHED_TEXT: usize = 1024;

/// The condition for caching an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Cache an envelope with a short text: a long one is unlikely to be requested again.
    IfShort,
    /// Cache an envelope of any length: many callers request the same one within a second.
    Always,
}

/// The key of the cache: everything that an envelope depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    fingerprint: Arc<str>,
    label: Label,
    content: Content,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Content {
    /// An outcome without fields: its code, the seconds after which to retry, and the time.
    Bare(u16, Option<u64>, Timestamp),
    /// The signed text, or its SHA-256.
    Text(Box<[u8]>),
}

/// The cache of envelopes.
pub struct SignedAnswers(Cache<Key, Bytes>);

impl Default for SignedAnswers {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl SignedAnswers {
    /// Signs a reply without fields, and returns the bytes to send.
    pub async fn sign_bare(
        &self,
        reply: &Reply,
        at: Timestamp,
        signer: &Signer,
        signatures: &Signatures,
        priority: Priority,
    ) -> Result<Bytes, Error> {
        let content = Content::Bare(reply.outcome.code(), reply.retry_after, at);
        let signing =
            async { envelope::sign(&Unsigned::write(reply, at), signer, signatures, priority).await };
        self.get_or_sign(content, signer, signatures, signing).await
    }

    /// Signs a text, and returns the bytes to send.
    pub async fn sign(
        &self,
        unsigned: &Unsigned,
        signer: &Signer,
        signatures: &Signatures,
        priority: Priority,
        caching: Caching,
    ) -> Result<Bytes, Error> {
        let text = unsigned.message();
        let signing = envelope::sign(unsigned, signer, signatures, priority);
        let content = match caching {
            _ if text.len() <= MAX_CACHED_TEXT => Content::Text(text.into()),
            Caching::Always => Content::Text(Sha256::digest(text).as_slice().into()),
            Caching::IfShort => return signing.await.map(Bytes::from),
        };
        self.get_or_sign(content, signer, signatures, signing).await
    }

    /// Returns the cached envelope, or signs a new one. Of several concurrent requests for the same envelope, the
    /// first signs and the others wait; if the first is dropped, the next one signs.
    async fn get_or_sign(
        &self,
        content: Content,
        signer: &Signer,
        signatures: &Signatures,
        signing: impl Future<Output = Result<Vec<u8>, Error>>,
    ) -> Result<Bytes, Error> {
        let Some(fingerprint) = signer.fingerprint() else { return signing.await.map(Bytes::from) };
        let key = Key { fingerprint, label: signer.label(), content };
        let mut is_shared = true;
        let signing = async {
            is_shared = false;
            signing.await.map(Bytes::from)
        };
        let envelope = self.0.get_or_insert_async(&key, signing).await?;
        if is_shared {
            signatures.count_shared();
        }
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::{Outcome, ProductKey};
    use crate::files::DataDir;
    use crate::signing::{Keyring, SigningKey};

    const NOW: Timestamp = Timestamp(1_700_000_000);

    /// The installation signs with the same key as product 1, so that only the label tells their envelopes apart.
    fn keyring() -> (TempDir, Keyring, ProductKey) {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        data.create().unwrap();
        let pem = include_str!("../../tests/golden/keys/pkcs8.pem");
        SigningKey::save(pem, &Keyring::global_path(&data)).unwrap();
        SigningKey::save(pem, &Keyring::product_path(&data, 1)).unwrap();
        let keyring = Keyring::load(&data, &[], &[]).unwrap();
        let fingerprint = keyring.global().unwrap().fingerprint().clone();
        (directory, keyring, ProductKey { product_id: 1, fingerprint })
    }

    #[tokio::test]
    async fn identical_answers_of_one_second_are_the_same_bytes_and_all_others_differ() {
        let (_directory, keyring, product) = keyring();
        let (signatures, answers) = (Signatures::start(1).unwrap(), SignedAnswers::default());
        let global = Signer::choose(&keyring, None).unwrap();
        let product = Signer::choose(&keyring, Some(&product)).unwrap();
        let unsigned = Signer::choose(&Keyring::empty(&DataDir::new("nowhere")), None).unwrap();
        let valid = Reply::from(Outcome::LicenseValid);
        let sign = async |reply: &Reply, at, signer: &Signer| {
            if reply.is_bare() {
                return answers.sign_bare(reply, at, signer, &signatures, Priority::Normal).await.unwrap();
            }
            let unsigned = Unsigned::write(reply, at);
            answers.sign(&unsigned, signer, &signatures, Priority::Normal, Caching::IfShort).await.unwrap()
        };
        let first = sign(&valid, NOW, &global).await;
        assert_eq!(sign(&valid, NOW, &global).await.as_ptr(), first.as_ptr());
        assert_eq!((signatures.requested(), signatures.made()), (2, 1));
        let others = [
            sign(&Outcome::LicenseBlocked.into(), NOW, &global).await,
            sign(&valid, Timestamp(NOW.0 + 1), &global).await,
            sign(&valid, NOW, &product).await,
            sign(&valid, NOW, &unsigned).await,
            sign(&valid.clone().after(1), NOW, &global).await,
            sign(&valid.clone().after(2), NOW, &global).await,
            sign(&valid.clone().with("meta_id", 1), NOW, &global).await,
            sign(&valid.clone().with("meta_id", 2), NOW, &global).await,
        ];
        for (number, other) in others.iter().enumerate() {
            assert_ne!(*other, first);
            assert!(!others[..number].contains(other), "{other:?}");
        }
        assert_eq!(sign(&valid, NOW, &global).await.as_ptr(), first.as_ptr());
        let made = signatures.made();
        sign(&valid.clone().with("meta_id", 1), NOW, &global).await;
        assert_eq!(signatures.made(), made);
        // A server that signs nothing has nothing to share.
        assert_ne!(sign(&valid, NOW, &unsigned).await.as_ptr(), sign(&valid, NOW, &unsigned).await.as_ptr());
    }

    #[tokio::test]
    async fn identical_requests_at_once_share_one_operation() {
        let (_directory, keyring, _) = keyring();
        let (signatures, answers) = (Signatures::start(2).unwrap(), SignedAnswers::default());
        let signer = Signer::choose(&keyring, None).unwrap();
        let reply = Reply::from(Outcome::LicenseValid);
        let sign = || answers.sign_bare(&reply, NOW, &signer, &signatures, Priority::Normal);
        let same = join_all((0..50).map(|_| sign())).await;
        assert!(same.iter().all(|envelope| envelope.as_ref().unwrap() == same[0].as_ref().unwrap()));
        assert_eq!((signatures.requested(), signatures.made()), (50, 1));
    }

    #[tokio::test]
    async fn a_long_answer_is_cached_only_where_many_ask_for_it() {
        let (_directory, keyring, _) = keyring();
        let (signatures, answers) = (Signatures::start(1).unwrap(), SignedAnswers::default());
        let signer = Signer::choose(&keyring, None).unwrap();
        let [long, other] = ["x", "y"].map(|text| Unsigned::again(text.repeat(MAX_CACHED_TEXT)));
        for (caching, made) in [(Caching::IfShort, 4), (Caching::Always, 6)] {
            for unsigned in [&long, &other, &long, &other] {
                let envelope = answers.sign(unsigned, &signer, &signatures, Priority::Normal, caching).await;
                let expected = keyring.global().unwrap().sign(unsigned.message()).unwrap();
                let text = String::from_utf8(envelope.unwrap().to_vec()).unwrap();
                assert!(text.replace("\\/", "/").contains(&expected), "{text}");
            }
            assert_eq!(signatures.made(), made);
        }
    }
}
