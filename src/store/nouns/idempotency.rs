//! Reads and writes the answers that are repeated to a request with the same `Idempotency-Key`.

use std::sync::Arc;

use crate::domain::{CallerId, Fingerprint, ProductKey, Timestamp};
use crate::store::{Error, Tx};

/// The time for which an answer is repeated, in seconds: a day (API §1.9).
const REPEATED_SECONDS: i64 = 24 * 60 * 60;

/// The identity of a request. Requests that are equal in all of it get the same answer.
#[derive(Clone, Debug)]
pub struct RepeatKey {
    pub caller: CallerId,
    /// The route's own path, without a prefix.
    pub route: &'static str,
    /// The text of the `Idempotency-Key` header.
    pub idempotency_key: String,
    /// SHA-256 of the request's fields in a canonical order.
    pub params_hash: [u8; 32],
}

/// An answer before it was signed. Signatures are deterministic, so the text, the code and the key give the same
/// bytes again.
#[derive(Clone, Debug)]
pub struct GivenAnswer {
    pub code: u16,
    pub response: String,
    pub signing_product: Option<ProductKey>,
}

/// A stored answer to a request with an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    pub api_key_id: i64,
    pub route: String,
    pub idempotency_key: String,
    pub params_hash: [u8; 32],
    pub response: String,
}

impl Tx<'_> {
    /// The answer to this request, if it was given within the last day.
    pub fn given_answer(&self, key: &RepeatKey, now: Timestamp) -> Result<Option<GivenAnswer>, Error> {
        let sql = "SELECT code, response, signing_product, signing_key FROM idempotency
                   WHERE api_key_id = ?1 AND route = ?2 AND idempotency_key = ?3 AND params_hash = ?4
                   AND created_at > ?5";
        let oldest = now.0.saturating_sub(REPEATED_SECONDS);
        self.sql(sql).one(
            &[&key.caller.to_number(), &key.route, &key.idempotency_key, &key.params_hash, &oldest],
            |row| {
                let product: Option<i64> = row.get(2)?;
                let fingerprint = row.get::<Option<Arc<str>>>(3)?.map(Fingerprint);
                let signing_product = product
                    .zip(fingerprint)
                    .map(|(product_id, fingerprint)| ProductKey { product_id, fingerprint });
                Ok(GivenAnswer { code: row.get(0)?, response: row.get(1)?, signing_product })
            },
        )
    }

    /// Stores an answer, in the transaction of the change that it reports. Also deletes up to 100 answers older than
    /// a day: more would make every other write job wait.
    pub fn keep_answer(&self, key: &RepeatKey, answer: &GivenAnswer, now: Timestamp) -> Result<(), Error> {
        let sql = "DELETE FROM idempotency
                   WHERE (api_key_id, route, idempotency_key, params_hash) IN
                         (SELECT api_key_id, route, idempotency_key, params_hash FROM idempotency
                          WHERE created_at <= ?1 ORDER BY created_at LIMIT 100)";
        self.sql(sql).execute(&[&now.0.saturating_sub(REPEATED_SECONDS)])?;
        let sql = "INSERT INTO idempotency (api_key_id, route, idempotency_key, params_hash, code, response,
                                            signing_product, signing_key, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                   ON CONFLICT (api_key_id, route, idempotency_key, params_hash) DO UPDATE
                   SET code = excluded.code, response = excluded.response, signing_product = excluded.signing_product,
                       signing_key = excluded.signing_key, created_at = excluded.created_at";
        let signer = answer.signing_product.as_ref();
        self.sql(sql).execute(&[
            &key.caller.to_number(),
            &key.route,
            &key.idempotency_key,
            &key.params_hash,
            &answer.code,
            &answer.response,
            &signer.map(|key| key.product_id),
            &signer.map(|key| &*key.fingerprint.0),
            &now,
        ])?;
        Ok(())
    }

    /// Up to `limit` stored answers behind one, in the order of their keys; `None`: from the first on.
    pub fn answers_after(
        &self,
        after: Option<&StoredAnswer>,
        limit: i64,
    ) -> Result<Vec<StoredAnswer>, Error> {
        let sql = "SELECT api_key_id, route, idempotency_key, params_hash, response FROM idempotency
                   WHERE (api_key_id, route, idempotency_key, params_hash) > (?1, ?2, ?3, ?4)
                   ORDER BY api_key_id, route, idempotency_key, params_hash LIMIT ?5";
        let (api_key_id, route) = after.map_or((i64::MIN, ""), |after| (after.api_key_id, &after.route));
        let (key, hash) =
            after.map_or(("", [0; 32]), |after| (after.idempotency_key.as_str(), after.params_hash));
        self.sql(sql).all(&[&api_key_id, &route, &key, &hash, &limit], |row| {
            Ok(StoredAnswer {
                api_key_id: row.get(0)?,
                route: row.get(1)?,
                idempotency_key: row.get(2)?,
                params_hash: row.get(3)?,
                response: row.get(4)?,
            })
        })
    }

    pub fn delete_answer(&self, answer: &StoredAnswer) -> Result<(), Error> {
        let sql = "DELETE FROM idempotency
                   WHERE api_key_id = ?1 AND route = ?2 AND idempotency_key = ?3 AND params_hash = ?4";
        self.sql(sql).execute(&[
            &answer.api_key_id,
            &answer.route,
            &answer.idempotency_key,
            &answer.params_hash,
        ])?;
        Ok(())
    }
}
