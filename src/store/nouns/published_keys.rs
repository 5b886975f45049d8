//! The public halves of all signing keys, with the times from and until which they sign.

use std::sync::Arc;

use crate::domain::{Fingerprint, KeyState, PublishedKey, Subject, Timestamp};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// All keys: the global ones first, then by product; for each owner the next key, the current one, and the former
    /// ones, latest first.
    pub fn published_keys(&self) -> Result<Vec<PublishedKey>, Error> {
        let sql = "SELECT id, product_id, state, fingerprint, public_key, active_from, active_until FROM published_keys
                   ORDER BY coalesce(product_id, 0),
                            CASE state WHEN 'next' THEN 0 WHEN 'current' THEN 1 ELSE 2 END, active_until DESC, id DESC";
        self.sql(sql).all(&[], read)
    }

    /// The keys of a product, or the global ones.
    pub fn published_keys_of(&self, owner: Option<i64>) -> Result<Vec<PublishedKey>, Error> {
        Ok(self.published_keys()?.into_iter().filter(|key| key.owner == owner).collect())
    }

    /// Publishes the key that will sign next. The caller has checked that the owner has no next key.
    pub fn publish_next_key(
        &self,
        owner: Option<i64>,
        fingerprint: &Fingerprint,
        public_key: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO published_keys (product_id, state, fingerprint, public_key, created_at)
                   VALUES (?1, 'next', ?2, ?3, ?4)";
        self.sql(sql).execute(&[&owner, &fingerprint.0, &public_key, &now])?;
        self.audit(Subject::SigningKey(owner), "published", Some(&fingerprint.0))
    }

    /// Withdraws the next key. `false`: there is none.
    pub fn withdraw_next_key(&self, owner: Option<i64>) -> Result<bool, Error> {
        let sql =
            "DELETE FROM published_keys WHERE coalesce(product_id, 0) = coalesce(?1, 0) AND state = 'next'";
        let withdrawn = self.sql(sql).execute(&[&owner])? == 1;
        self.audit_if(withdrawn, Subject::SigningKey(owner), "withdrawn", None)
    }

    /// Makes a key the current one. The key that was current, if it is another, becomes a former one.
    pub fn set_current_key(
        &self,
        owner: Option<i64>,
        fingerprint: &Fingerprint,
        public_key: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let published = self.published_keys_of(owner)?;
        let before = published.iter().find(|key| key.state == KeyState::Current);
        // A product's key is audited by `set_product_signing_key`.
        if owner.is_none() && before.is_none_or(|before| before.fingerprint != *fingerprint) {
            let after = before.map(|before| format!(", after {}", before.fingerprint.0)).unwrap_or_default();
            self.audit(Subject::SigningKey(owner), "set", Some(&format!("{}{after}", fingerprint.0)))?;
        }
        let sql = "UPDATE published_keys SET state = 'former', active_until = ?3
                   WHERE coalesce(product_id, 0) = coalesce(?1, 0) AND state = 'current' AND fingerprint <> ?2";
        self.sql(sql).execute(&[&owner, &fingerprint.0, &now])?;
        let sql =
            "INSERT INTO published_keys (product_id, state, fingerprint, public_key, active_from, created_at)
                   VALUES (?1, 'current', ?2, ?3, ?4, ?4)
                   ON CONFLICT (coalesce(product_id, 0), fingerprint) DO UPDATE
                   SET active_from = CASE published_keys.state WHEN 'current' THEN published_keys.active_from
                                                               ELSE excluded.active_from END,
                       active_until = NULL, state = 'current'";
        self.sql(sql).execute(&[&owner, &fingerprint.0, &public_key, &now])?;
        Ok(())
    }

    /// Corrects the time at which a server switched between two global keys, which [`Self::set_current_key`] had
    /// recorded in advance.
    pub fn set_switch_time(
        &self,
        before: &Fingerprint,
        current: &Fingerprint,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE published_keys SET active_until = ?2
                   WHERE product_id IS NULL AND state = 'former' AND fingerprint = ?1";
        self.sql(sql).execute(&[&before.0, &now])?;
        let sql = "UPDATE published_keys SET active_from = ?2
                   WHERE product_id IS NULL AND state = 'current' AND fingerprint = ?1";
        self.sql(sql).execute(&[&current.0, &now])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<PublishedKey, Error> {
    let Some(state) = KeyState::parse(row.get(2)?) else {
        return Err(Error::unreadable_row("published key", row.get(0)?));
    };
    Ok(PublishedKey {
        owner: row.get(1)?,
        state,
        fingerprint: Fingerprint(row.get::<Arc<str>>(3)?),
        public_key: row.get(4)?,
        from: row.get(5)?,
        until: row.get(6)?,
    })
}
