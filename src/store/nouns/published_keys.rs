//! The public halves of signing keys, with their dates.

use std::sync::Arc;

use rusqlite::Row;

use crate::domain::{Fingerprint, KeyState, PublishedKey, Subject, Timestamp};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// All of them: the global ones first, then by product; of each owner the next one, the current one, and
    /// the former ones, latest first.
    pub fn published_keys(&self) -> Result<Vec<PublishedKey>, Error> {
        let sql = "SELECT id, product_id, state, fingerprint, public_key, active_from, active_until FROM published_keys
                   ORDER BY coalesce(product_id, 0),
                            CASE state WHEN 'next' THEN 0 WHEN 'current' THEN 1 ELSE 2 END, active_until DESC, id DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([], read)?.map(|row| row?).collect()
    }

    /// Those of a product, or the global ones.
    pub fn published_keys_of(&self, owner: Option<i64>) -> Result<Vec<PublishedKey>, Error> {
        Ok(self.published_keys()?.into_iter().filter(|key| key.owner == owner).collect())
    }

    /// Publishes the key that will sign. There must be no other that will.
    pub fn publish_next_key(
        &self,
        owner: Option<i64>,
        fingerprint: &Fingerprint,
        public_key: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO published_keys (product_id, state, fingerprint, public_key, created_at)
                   VALUES (?1, 'next', ?2, ?3, ?4)";
        self.connection.prepare_cached(sql)?.execute((owner, &*fingerprint.0, public_key, now.0))?;
        self.audit(Subject::SigningKey(owner), "published", Some(&fingerprint.0))
    }

    /// Takes back the key that was to sign. `false`: there is none.
    pub fn withdraw_next_key(&self, owner: Option<i64>) -> Result<bool, Error> {
        let sql =
            "DELETE FROM published_keys WHERE coalesce(product_id, 0) = coalesce(?1, 0) AND state = 'next'";
        let withdrawn = self.connection.prepare_cached(sql)?.execute([owner])? == 1;
        self.audit_if(withdrawn, Subject::SigningKey(owner), "withdrawn", None)
    }

    /// Says which key signs; the one that did until now, if it is another, has ceased to.
    pub fn set_current_key(
        &self,
        owner: Option<i64>,
        fingerprint: &Fingerprint,
        public_key: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let published = self.published_keys_of(owner)?;
        let before = published.iter().find(|key| key.state == KeyState::Current);
        // Of a product's key the row of the product tells, which is what it signs by.
        if owner.is_none() && before.is_none_or(|before| before.fingerprint != *fingerprint) {
            let after = before.map(|before| format!(", after {}", before.fingerprint.0)).unwrap_or_default();
            self.audit(Subject::SigningKey(owner), "set", Some(&format!("{}{after}", fingerprint.0)))?;
        }
        let sql = "UPDATE published_keys SET state = 'former', active_until = ?3
                   WHERE coalesce(product_id, 0) = coalesce(?1, 0) AND state = 'current' AND fingerprint <> ?2";
        self.connection.prepare_cached(sql)?.execute((owner, &*fingerprint.0, now.0))?;
        let sql =
            "INSERT INTO published_keys (product_id, state, fingerprint, public_key, active_from, created_at)
                   VALUES (?1, 'current', ?2, ?3, ?4, ?4)
                   ON CONFLICT (coalesce(product_id, 0), fingerprint) DO UPDATE
                   SET active_from = CASE state WHEN 'current' THEN active_from ELSE excluded.active_from END,
                       active_until = NULL, state = 'current'";
        self.connection.prepare_cached(sql)?.execute((owner, &*fingerprint.0, public_key, now.0))?;
        Ok(())
    }

    /// Says when a server really went from one global key to the other, after [`Self::set_current_key`] announced it.
    pub fn set_switch_time(
        &self,
        before: &Fingerprint,
        current: &Fingerprint,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE published_keys SET active_until = ?2
                   WHERE product_id IS NULL AND state = 'former' AND fingerprint = ?1";
        self.connection.prepare_cached(sql)?.execute((&*before.0, now.0))?;
        let sql = "UPDATE published_keys SET active_from = ?2
                   WHERE product_id IS NULL AND state = 'current' AND fingerprint = ?1";
        self.connection.prepare_cached(sql)?.execute((&*current.0, now.0))?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<Result<PublishedKey, Error>, rusqlite::Error> {
    let Some(state) = KeyState::parse(row.get_ref(2)?.as_str()?) else {
        return Ok(Err(Error::unreadable_row("published key", row.get(0)?)));
    };
    Ok(Ok(PublishedKey {
        owner: row.get(1)?,
        state,
        fingerprint: Fingerprint(row.get::<_, Arc<str>>(3)?),
        public_key: row.get(4)?,
        from: row.get::<_, Option<i64>>(5)?.map(Timestamp),
        until: row.get::<_, Option<i64>>(6)?.map(Timestamp),
    }))
}
