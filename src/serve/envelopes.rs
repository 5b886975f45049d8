//! Envelopes that hold nothing but an outcome: those of one second under one key are the same bytes, and are written and signed once for
//! all who get them.
//!
//! Nothing has to be forgotten on time, because the second is part of what is asked for; what is no longer asked for is displaced.

use std::sync::Arc;

use actix_web::web::Bytes;
use quick_cache::sync::Cache;

use crate::domain::Timestamp;
use crate::envelope::{self, Label, Signer, Unsigned};
use crate::reply::Reply;
use crate::signing::{self, Asked, Signatures};

/// How many are remembered, of about 1 KB each. Where there are more products than this in one second, their signatures are still shared.
const REMEMBERED: usize = 1024;

/// What an envelope is told apart by: its outcome's code, the seconds after which to come back, the key's fingerprint, and the time in it.
type Question = (u16, Option<u64>, Label, Arc<str>, Timestamp);

pub struct Envelopes(Cache<Question, Bytes>);

impl Default for Envelopes {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Envelopes {
    /// A reply in its envelope: the bytes to send.
    pub async fn seal(
        &self,
        reply: &Reply,
        at: Timestamp,
        signer: &Signer,
        signatures: &Signatures,
        asked: Asked,
    ) -> Result<Bytes, signing::Error> {
        let mut is_shared = true;
        let sealing = async {
            is_shared = false;
            envelope::seal(&Unsigned::write(reply, at), signer, signatures, asked).await.map(Bytes::from)
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
    let fingerprint = signer.fingerprint().filter(|_| reply.fields.is_empty())?;
    Some((reply.outcome.code(), reply.retry_after, signer.label(), fingerprint, at))
}
