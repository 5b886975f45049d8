//! Rows that nearly every request needs, cached on each reading connection until the next commit.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use crate::domain::{ApiKey, Blocklist, FormerApiKey, Product};

/// The number of rows of each kind in the cache. Further rows are read from the database each time.
const CAPACITY: usize = 256;

/// The rows that a connection has read since the database last changed.
#[derive(Default)]
pub(super) struct RowCache {
    /// SQLite's `data_version` when the rows were read. Only this connection can compare it.
    version: i64,
    /// The list that all connections share, while it is the current one.
    pub(super) blocklist: Weak<Blocklist>,
    pub(super) api_keys: Rows<[u8; 32], ApiKey>,
    pub(super) former_api_keys: Rows<[u8; 32], (ApiKey, FormerApiKey)>,
    pub(super) products: Rows<i64, Product>,
}

/// Rows of one kind by their key.
pub(super) struct Rows<K, V>(HashMap<K, V>);

impl RowCache {
    /// Clears the cache unless its rows were read at this version.
    pub(super) fn clear_unless(&mut self, version: i64) {
        if self.version != version {
            *self = Self { version, ..Self::default() };
        }
    }
}

impl<K, V> Default for Rows<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Clone> Rows<K, V> {
    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.0.get(key).cloned()
    }

    pub(super) fn insert(&mut self, key: K, row: V) {
        if self.0.len() < CAPACITY {
            self.0.insert(key, row);
        }
    }
}

/// The blocklist with its revision number, shared by all connections. A connection that sees a new state of the
/// database reads the current revision and compares: so a change takes effect with the next request.
#[derive(Default)]
pub(super) struct BlocklistCache(RwLock<Option<(i64, Arc<Blocklist>)>>);

impl BlocklistCache {
    /// The cached list, if it has this revision.
    pub(super) fn get(&self, revision: i64) -> Option<Arc<Blocklist>> {
        // The list is replaced as a whole, so it is whole even if a thread panicked while it held the lock.
        let cached = self.0.read().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().filter(|(cached, _)| *cached == revision).map(|(_, list)| Arc::clone(list))
    }

    pub(super) fn set(&self, revision: i64, list: &Arc<Blocklist>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some((revision, Arc::clone(list)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ApiKeySecret, Block, Capabilities, NewProduct, ProductStatus, Timestamp};
    use crate::files::DataDir;
    use crate::store::Tx;
    use crate::store::sqlite::connection;
    use crate::store::{Decision, NewApiKey, Store};

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn secret() -> ApiKeySecret {
        ApiKeySecret::parse("secret").unwrap()
    }

    fn fill(tx: &Tx<'_>) -> Decision<()> {
        let key = NewApiKey {
            name: "shop".to_owned(),
            secret: secret(),
            capabilities: Capabilities::from_stored("*".to_owned()),
            allow_ips: Vec::new(),
            active: true,
        };
        tx.add_api_key(&key, NOW).unwrap();
        tx.add_product(&NewProduct::sample(), NOW).unwrap();
        tx.add_block(&Block::Domain("one.example".to_owned()), NOW).unwrap();
        Decision::Commit(())
    }

    /// Reads all kinds of cached rows twice on the only reader, the second time from its cache.
    fn seen(store: &Store) -> (bool, ProductStatus, usize, usize) {
        let see = || {
            store
                .read(|tx| {
                    let key = tx.api_key_by_hash(&secret().hash()).unwrap().unwrap();
                    let product = tx.product(1).unwrap().unwrap();
                    let blocked = ["one.example", "two.example"]
                        .map(|name| usize::from(tx.blocklist().unwrap().blocks_identifier(name)));
                    (key.active, product.status, blocked[0], blocked[1])
                })
                .unwrap()
        };
        let first = see();
        let cached = |tx: &Tx<'_>| {
            let cache = tx.row_cache.unwrap().borrow();
            (cache.api_keys.0.len(), cache.products.0.len(), cache.blocklist.upgrade().is_some())
        };
        assert_eq!(store.read(cached).unwrap(), (1, 1, true));
        assert_eq!(see(), first);
        first
    }

    #[test]
    fn any_commit_of_any_process_clears_the_cache() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let store = Store::create(&data).unwrap();
        store.write_blocking(fill).unwrap();
        assert_eq!(seen(&store), (true, ProductStatus::Active, 1, 0));
        // Another process.
        let other = connection::open_writing(&data.database()).unwrap();
        other.execute("UPDATE api_keys SET active = 0", []).unwrap();
        assert_eq!(seen(&store), (false, ProductStatus::Active, 1, 0));
        other.execute("UPDATE products SET status = 'inactive'", []).unwrap();
        assert_eq!(seen(&store), (false, ProductStatus::Inactive, 1, 0));
        other
            .execute("INSERT INTO blocks (kind, value, created_at) VALUES ('domain', 'two.example', 0)", [])
            .unwrap();
        assert_eq!(seen(&store), (false, ProductStatus::Inactive, 1, 1));
        // The server's own writer.
        store.write_blocking(|tx| Decision::Commit(tx.set_api_key_active(1, true).unwrap())).unwrap();
        assert_eq!(seen(&store), (true, ProductStatus::Inactive, 1, 1));
        store.write_blocking(|tx| Decision::Commit(tx.remove_block(1).unwrap())).unwrap();
        assert_eq!(seen(&store), (true, ProductStatus::Inactive, 0, 1));
        // After a checkpoint that restarts the log.
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        other.execute("UPDATE api_keys SET active = 0", []).unwrap();
        assert_eq!(seen(&store), (false, ProductStatus::Inactive, 0, 1));
    }

    #[test]
    fn the_cache_never_exceeds_its_capacity() {
        let mut rows = Rows::default();
        (0..2 * CAPACITY).for_each(|number| rows.insert(number, number));
        assert_eq!(rows.0.len(), CAPACITY);
    }
}
