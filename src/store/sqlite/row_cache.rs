//! Rows that nearly every request needs, kept by a connection that reads for as long as nothing at all is committed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Weak;

use crate::domain::{ApiKey, Blocklist, Product};
use crate::store::{Error, Tx};

/// How many rows of a kind are kept. What comes when there is no more room is read each time.
const MOST: usize = 256;

/// What a connection has read since the database last changed.
#[derive(Default)]
pub(in crate::store) struct Known {
    /// SQLite's number for the state of the database as this connection last saw it, which means nothing to
    /// any other connection.
    version: i64,
    /// The one in memory that all share, for as long as that is the one.
    pub(in crate::store) blocklist: Weak<Blocklist>,
    pub(in crate::store) api_keys: Rows<[u8; 32], ApiKey>,
    pub(in crate::store) products: Rows<i64, Product>,
}

pub(in crate::store) struct Rows<K, V>(HashMap<K, V>);

impl Known {
    /// Forgets everything, unless it was read from this same state.
    pub(in crate::store) fn keep_if_of(&mut self, version: i64) {
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

impl<K: Eq + Hash, V> Rows<K, V> {
    fn keep(&mut self, key: K, row: V) {
        if self.0.len() < MOST {
            self.0.insert(key, row);
        }
    }
}

impl Tx<'_> {
    /// The row under `key` as this connection knows it, or else as `read` finds it. On the connection that
    /// writes, always the latter: of what that changes itself, SQLite's number says nothing.
    pub(in crate::store) fn known<K: Eq + Hash, V: Clone>(
        &self,
        rows: fn(&mut Known) -> &mut Rows<K, V>,
        key: K,
        is_worth_keeping: fn(&V) -> bool,
        read: impl FnOnce(&K) -> Result<Option<V>, Error>,
    ) -> Result<Option<V>, Error> {
        let Some(known) = self.known else { return read(&key) };
        if let Some(row) = rows(&mut known.borrow_mut()).0.get(&key) {
            return Ok(Some(row.clone()));
        }
        let found = read(&key)?;
        if let Some(row) = found.as_ref().filter(|row| is_worth_keeping(row)) {
            rows(&mut known.borrow_mut()).keep(key, row.clone());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ApiKeySecret, Block, Capabilities, NewProduct, ProductStatus, Timestamp};
    use crate::store::sqlite::connection;
    use crate::store::{DataDir, NewApiKey, Store, Verdict};

    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn secret() -> ApiKeySecret {
        ApiKeySecret::parse("secret").unwrap()
    }

    fn fill(tx: &Tx<'_>) -> Verdict<()> {
        let key = NewApiKey {
            name: "shop".to_owned(),
            secret: secret(),
            capabilities: Capabilities::from_stored("*".to_owned()),
            allow_ips: Vec::new(),
            active: true,
        };
        tx.add_api_key(&key, NOW).unwrap();
        let product = NewProduct {
            uuid: "uuid".to_owned(),
            name: "Editor".to_owned(),
            description: String::new(),
            status: ProductStatus::Active,
        };
        tx.add_product(&product, NOW).unwrap();
        tx.add_block(&Block::Domain("one.example".to_owned()), NOW).unwrap();
        Verdict::Keep(())
    }

    /// Read by the one reader that there is, twice, so that the second time it is known.
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
        let is_known = |tx: &Tx<'_>| {
            let known = tx.known.unwrap().borrow();
            (known.api_keys.0.len(), known.products.0.len(), known.blocklist.upgrade().is_some())
        };
        assert_eq!(store.read(is_known).unwrap(), (1, 1, true));
        assert_eq!(see(), first);
        first
    }

    #[test]
    fn whoever_commits_anything_what_was_known_is_read_again() {
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
        store.write_blocking(|tx| Verdict::Keep(tx.set_api_key_active(1, true).unwrap())).unwrap();
        assert_eq!(seen(&store), (true, ProductStatus::Inactive, 1, 1));
        store.write_blocking(|tx| Verdict::Keep(tx.remove_block(1).unwrap())).unwrap();
        assert_eq!(seen(&store), (true, ProductStatus::Inactive, 0, 1));
        // With the log taken in and begun anew in between.
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        other.execute("UPDATE api_keys SET active = 0", []).unwrap();
        assert_eq!(seen(&store), (false, ProductStatus::Inactive, 0, 1));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut rows = Rows::default();
        (0..2 * MOST).for_each(|number| rows.keep(number, number));
        assert_eq!(rows.0.len(), MOST);
    }
}
