//! Answers that are given again to a request that comes again.

use std::sync::Arc;

use rusqlite::OptionalExtension as _;

use crate::domain::{CallerId, Fingerprint, ProductKey, Timestamp};
use crate::store::{Error, Tx};

/// How long an answer is given again, in seconds: a day (API §1.9).
const REMEMBERED_SECONDS: i64 = 24 * 60 * 60;

/// What makes two requests the same one.
#[derive(Clone, Debug)]
pub struct RepeatKey {
    pub caller: CallerId,
    /// The route's own path, without a prefix.
    pub route: &'static str,
    /// The text of the `Idempotency-Key` header.
    pub idempotency_key: String,
    /// SHA-256 of the request's fields, in one order.
    pub params_hash: [u8; 32],
}

/// An answer as it was signed: signatures are deterministic, so the text, the number and the key make the
/// very same bytes again.
#[derive(Clone, Debug)]
pub struct GivenAnswer {
    pub code: u16,
    pub response: String,
    pub signing_product: Option<ProductKey>,
}

impl Tx<'_> {
    /// What was answered to this request within the last day.
    pub fn given_answer(&self, key: &RepeatKey, now: Timestamp) -> Result<Option<GivenAnswer>, Error> {
        let sql = "SELECT code, response, signing_product, signing_key FROM idempotency
                   WHERE api_key_id = ?1 AND route = ?2 AND idempotency_key = ?3 AND params_hash = ?4 AND created_at > ?5";
        let oldest = now.0.saturating_sub(REMEMBERED_SECONDS);
        let values = (key.caller.to_number(), key.route, &key.idempotency_key, key.params_hash, oldest);
        let found = self.connection.prepare_cached(sql)?.query_row(values, |row| {
            let product: Option<i64> = row.get(2)?;
            let fingerprint = row.get::<_, Option<Arc<str>>>(3)?.map(Fingerprint);
            let signing_product = product
                .zip(fingerprint)
                .map(|(product_id, fingerprint)| ProductKey { product_id, fingerprint });
            Ok(GivenAnswer { code: row.get(0)?, response: row.get(1)?, signing_product })
        });
        Ok(found.optional()?)
    }

    /// Keeps an answer, in the transaction of what it tells of; and forgets those that are a day old.
    pub fn keep_answer(&self, key: &RepeatKey, answer: &GivenAnswer, now: Timestamp) -> Result<(), Error> {
        let oldest = now.0.saturating_sub(REMEMBERED_SECONDS);
        // A few at a time: everyone who writes waits for it.
        let sql = "DELETE FROM idempotency
                   WHERE (api_key_id, route, idempotency_key, params_hash) IN
                         (SELECT api_key_id, route, idempotency_key, params_hash FROM idempotency
                          WHERE created_at <= ?1 ORDER BY created_at LIMIT 100)";
        self.connection.prepare_cached(sql)?.execute([oldest])?;
        let sql = "INSERT INTO idempotency (api_key_id, route, idempotency_key, params_hash, code, response,
                                            signing_product, signing_key, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                   ON CONFLICT (api_key_id, route, idempotency_key, params_hash) DO UPDATE
                   SET code = excluded.code, response = excluded.response, signing_product = excluded.signing_product,
                       signing_key = excluded.signing_key, created_at = excluded.created_at";
        let signer = answer.signing_product.as_ref();
        self.connection.prepare_cached(sql)?.execute((
            key.caller.to_number(),
            key.route,
            &key.idempotency_key,
            key.params_hash,
            answer.code,
            &answer.response,
            signer.map(|key| key.product_id),
            signer.map(|key| &*key.fingerprint.0),
            now.0,
        ))?;
        Ok(())
    }
}
