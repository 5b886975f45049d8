//! Reads and writes API keys.

use ipnet::IpNet;

use crate::domain::{ApiKey, ApiKeySecret, Capabilities, Subject, Timestamp};
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
        let allow_ips: Vec<String> = key.allow_ips.iter().map(IpNet::to_string).collect();
        let id: Option<i64> = self.sql(sql).one(
            &[
                &key.name,
                &key.secret.hash(),
                &key.secret.prefix(),
                &key.capabilities.as_stored(),
                &allow_ips.join(" "),
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
