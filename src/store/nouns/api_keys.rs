//! Reads and writes API keys.

use ipnet::IpNet;

use crate::domain::{ApiKey, ApiKeyChange, ApiKeySecret, Capabilities, FormerApiKey, Subject, Timestamp};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

/// A new API key. (No `Debug`: it holds the secret.)
pub struct NewApiKey {
    pub name: String,
    pub secret: ApiKeySecret,
    pub capabilities: Capabilities,
    pub allow_ips: Vec<IpNet>,
    pub active: bool,
}

/// An API key with more networks than this in its allow-list is not cached.
const MOST_CACHED_NETWORKS: usize = 64;

impl Tx<'_> {
    pub fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, Error> {
        let sql = "SELECT id, name, prefix, capabilities, allow_ips, active, created_at, last_used_at
                   FROM api_keys WHERE key_hash = ?1";
        self.cached_or(
            |cache| &mut cache.api_keys,
            *hash,
            |key| key.allow_ips.len() <= MOST_CACHED_NETWORKS,
            |hash| self.sql(sql).one(&[hash], read),
        )
    }

    pub fn api_key(&self, id: i64) -> Result<Option<ApiKey>, Error> {
        let sql = "SELECT id, name, prefix, capabilities, allow_ips, active, created_at, last_used_at
                   FROM api_keys WHERE id = ?1";
        self.sql(sql).one(&[&id], read)
    }

    /// The API key that had the text with this hash before it was replaced, and that text.
    pub fn api_key_by_former_hash(&self, hash: &[u8; 32]) -> Result<Option<(ApiKey, FormerApiKey)>, Error> {
        let sql = "SELECT k.id, k.name, k.prefix, k.capabilities, k.allow_ips, k.active, k.created_at,
                          k.last_used_at, f.id, f.api_key_id, f.prefix, f.valid_until, f.last_used_at
                   FROM former_api_keys f JOIN api_keys k ON k.id = f.api_key_id WHERE f.key_hash = ?1";
        self.cached_or(
            |cache| &mut cache.former_api_keys,
            *hash,
            |(key, _)| key.allow_ips.len() <= MOST_CACHED_NETWORKS,
            |hash| self.sql(sql).one(&[hash], |row| Ok((read(row)?, read_former(row, 8)?))),
        )
    }

    /// The former texts of all API keys, the oldest first, also those whose end has passed.
    pub fn former_api_keys(&self) -> Result<Vec<FormerApiKey>, Error> {
        let sql = "SELECT id, api_key_id, prefix, valid_until, last_used_at FROM former_api_keys ORDER BY id";
        self.sql(sql).all(&[], |row| read_former(row, 0))
    }

    /// All API keys, by id.
    pub fn api_keys(&self) -> Result<Vec<ApiKey>, Error> {
        let sql = "SELECT id, name, prefix, capabilities, allow_ips, active, created_at, last_used_at
                   FROM api_keys ORDER BY id";
        self.sql(sql).all(&[], read)
    }

    /// The API keys with one of these hashes.
    pub fn api_keys_of(&self, hashes: &[[u8; 32]]) -> Result<Vec<ApiKey>, Error> {
        let mut found = Vec::new();
        for hash in hashes {
            found.extend(self.api_key_by_hash(hash)?);
        }
        Ok(found)
    }

    /// Adds a key and returns its id; `None`: a key with the same text exists.
    pub fn add_api_key(&self, key: &NewApiKey, now: Timestamp) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO api_keys (name, key_hash, prefix, capabilities, allow_ips, active, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (key_hash) DO NOTHING RETURNING id";
        let id: Option<i64> = self.sql(sql).one(
            &[
                &key.name,
                &key.secret.hash(),
                &key.secret.prefix(),
                &key.capabilities.as_stored(),
                &stored(&key.allow_ips),
                &key.active,
                &now,
            ],
            |row| row.get(0),
        )?;
        if let Some(id) = id {
            self.audit(Subject::ApiKey(id), "created", Some(&key.name))?;
        }
        Ok(id)
    }

    /// Changes a key. `false`: there is no such key. `detail`: the change in words.
    pub fn set_api_key(&self, id: i64, change: &ApiKeyChange, detail: &str) -> Result<bool, Error> {
        let sql = "UPDATE api_keys SET name = coalesce(?2, name), capabilities = coalesce(?3, capabilities),
                   allow_ips = coalesce(?4, allow_ips) WHERE id = ?1";
        let allow_ips = change.allow_ips.as_deref().map(stored);
        let capabilities = change.capabilities.as_ref().map(Capabilities::as_stored);
        let set = self.sql(sql).execute(&[&id, &change.name, &capabilities, &allow_ips])? == 1;
        self.audit_if(set, Subject::ApiKey(id), "changed", Some(&detail))
    }

    /// Replaces the text of a key. The former one is accepted until `former_until`; `None`: neither it nor an earlier
    /// one any longer. Deletes the former texts of all keys whose end has passed. `false`: there is no such key.
    pub fn replace_api_key_text(
        &self,
        id: i64,
        secret: &ApiKeySecret,
        former_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.sql("DELETE FROM former_api_keys WHERE valid_until <= ?1").execute(&[&now])?;
        if let Some(until) = former_until {
            let sql = "INSERT INTO former_api_keys (api_key_id, key_hash, prefix, valid_until)
                       SELECT id, key_hash, prefix, ?2 FROM api_keys WHERE id = ?1";
            self.sql(sql).execute(&[&id, &until])?;
        } else {
            self.sql("DELETE FROM former_api_keys WHERE api_key_id = ?1").execute(&[&id])?;
        }
        let sql = "UPDATE api_keys SET key_hash = ?2, prefix = ?3 WHERE id = ?1";
        let set = self.sql(sql).execute(&[&id, &secret.hash(), &secret.prefix()])? == 1;
        let detail = former_until.map(|until| format!("former text accepted until {until}"));
        let detail = detail.as_deref().unwrap_or("former texts refused from now on");
        self.audit_if(set, Subject::ApiKey(id), "rotated", Some(&detail))
    }

    /// Enables or disables a key. `false`: there is no such key.
    pub fn set_api_key_active(&self, id: i64, active: bool) -> Result<bool, Error> {
        let set = self.sql("UPDATE api_keys SET active = ?2 WHERE id = ?1").execute(&[&id, &active])? == 1;
        let change = if active { "enabled" } else { "disabled" };
        self.audit_if(set, Subject::ApiKey(id), change, None)
    }

    /// Deletes a key. `false`: there is no such key.
    pub fn delete_api_key(&self, id: i64) -> Result<bool, Error> {
        let deleted = self.sql("DELETE FROM api_keys WHERE id = ?1").execute(&[&id])? == 1;
        self.audit_if(deleted, Subject::ApiKey(id), "deleted", None)
    }

    /// Records when a key was used. An earlier time than the recorded one changes nothing.
    pub fn touch_api_key(&self, id: i64, used_at: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND coalesce(last_used_at, 0) < ?2";
        self.sql(sql).execute(&[&id, &used_at])?;
        Ok(())
    }

    /// Like [`Self::touch_api_key`], for a former text.
    pub fn touch_former_api_key(&self, id: i64, used_at: Timestamp) -> Result<(), Error> {
        let sql =
            "UPDATE former_api_keys SET last_used_at = ?2 WHERE id = ?1 AND coalesce(last_used_at, 0) < ?2";
        self.sql(sql).execute(&[&id, &used_at])?;
        Ok(())
    }
}

/// An allow-list as it is stored.
fn stored(networks: &[IpNet]) -> String {
    networks.iter().map(IpNet::to_string).collect::<Vec<_>>().join(" ")
}

/// Reads a former text from the columns from `first` on.
fn read_former(row: &Row<'_>, first: usize) -> Result<FormerApiKey, Error> {
    Ok(FormerApiKey {
        id: row.get(first)?,
        api_key_id: row.get(first + 1)?,
        prefix: row.get(first + 2)?,
        valid_until: row.get(first + 3)?,
        last_used_at: row.get(first + 4)?,
    })
}

fn read(row: &Row<'_>) -> Result<ApiKey, Error> {
    let id = row.get(0)?;
    // An unreadable list must not become the empty one, which allows every address.
    let allow_ips = row.get::<&str>(4)?.split_ascii_whitespace().map(str::parse).collect();
    let Ok(allow_ips) = allow_ips else {
        return Err(Error::unreadable_row("API key's allow-list", id));
    };
    Ok(ApiKey {
        id,
        name: row.get(1)?,
        prefix: row.get(2)?,
        capabilities: Capabilities::from_stored(row.get(3)?),
        allow_ips,
        active: row.get(5)?,
        created_at: row.get(6)?,
        last_used_at: row.get(7)?,
    })
}
