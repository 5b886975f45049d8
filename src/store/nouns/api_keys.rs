//! API keys.

use ipnet::IpNet;
use rusqlite::{OptionalExtension as _, Row};

use crate::domain::{ApiKey, ApiKeySecret, Capabilities, Subject, Timestamp};
use crate::store::{Error, Tx};

/// What is needed to create an API key. (No `Debug`: it holds the secret.)
pub struct NewApiKey {
    pub name: String,
    pub secret: ApiKeySecret,
    pub capabilities: Capabilities,
    pub allow_ips: Vec<IpNet>,
    pub active: bool,
}

/// The most networks in its allow-list with which an API key is kept in memory.
const MOST_CACHED: usize = 64;

impl Tx<'_> {
    pub fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, Error> {
        let sql = "SELECT id, name, prefix, capabilities, allow_ips, active, created_at, last_used_at
                   FROM api_keys WHERE key_hash = ?1";
        self.cached_or(
            |cache| &mut cache.api_keys,
            *hash,
            |key| key.allow_ips.len() <= MOST_CACHED,
            |hash| self.connection.prepare_cached(sql)?.query_row([hash], read).optional()?.transpose(),
        )
    }

    /// All API keys, by id.
    pub fn api_keys(&self) -> Result<Vec<ApiKey>, Error> {
        let sql = "SELECT id, name, prefix, capabilities, allow_ips, active, created_at, last_used_at
                   FROM api_keys ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([], read)?.map(|row| row?).collect()
    }

    /// The active ones among those that have these hashes.
    pub fn active_api_keys_of(&self, hashes: &[[u8; 32]]) -> Result<Vec<ApiKey>, Error> {
        let mut found = Vec::new();
        for hash in hashes {
            found.extend(self.api_key_by_hash(hash)?.filter(|key| key.active));
        }
        Ok(found)
    }

    /// Gives the new key's id; `None`: a key with the same text exists.
    pub fn add_api_key(&self, key: &NewApiKey, now: Timestamp) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO api_keys (name, key_hash, prefix, capabilities, allow_ips, active, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                   ON CONFLICT (key_hash) DO NOTHING RETURNING id";
        let allow_ips: Vec<String> = key.allow_ips.iter().map(IpNet::to_string).collect();
        let values = (
            &key.name,
            key.secret.hash(),
            key.secret.prefix(),
            key.capabilities.as_stored(),
            allow_ips.join(" "),
            key.active,
            now.0,
        );
        let id: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(id) = id {
            self.audit(Subject::ApiKey(id), "created", Some(&key.name))?;
        }
        Ok(id)
    }

    /// Switches a key on or off. `false`: there is no such key.
    pub fn set_api_key_active(&self, id: i64, active: bool) -> Result<bool, Error> {
        let sql = "UPDATE api_keys SET active = ?2 WHERE id = ?1";
        let switched = self.connection.prepare_cached(sql)?.execute((id, active))? == 1;
        let change = if active { "enabled" } else { "disabled" };
        self.audit_if(switched, Subject::ApiKey(id), change, None)
    }

    /// `false`: there is no such key.
    pub fn delete_api_key(&self, id: i64) -> Result<bool, Error> {
        let deleted =
            self.connection.prepare_cached("DELETE FROM api_keys WHERE id = ?1")?.execute([id])? == 1;
        self.audit_if(deleted, Subject::ApiKey(id), "deleted", None)
    }

    /// Notes when a key was last used; never moves it back.
    pub fn touch_api_key(&self, id: i64, used_at: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND coalesce(last_used_at, 0) < ?2";
        self.connection.prepare_cached(sql)?.execute((id, used_at.0))?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<Result<ApiKey, Error>, rusqlite::Error> {
    let id = row.get(0)?;
    // A list that can't be read must not become the empty list, which allows every address.
    let allow_ips = row.get_ref(4)?.as_str()?.split_ascii_whitespace().map(str::parse).collect();
    let Ok(allow_ips) = allow_ips else {
        return Ok(Err(Error::unreadable_row("API key's allow-list", id)));
    };
    Ok(Ok(ApiKey {
        id,
        name: row.get(1)?,
        prefix: row.get(2)?,
        capabilities: Capabilities::from_stored(row.get(3)?),
        allow_ips,
        active: row.get(5)?,
        created_at: Timestamp(row.get(6)?),
        last_used_at: row.get::<_, Option<i64>>(7)?.map(Timestamp),
    }))
}
