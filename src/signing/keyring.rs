//! The keyring: the global key, and the keys of products that have their own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwapOption;

use super::{KeyError, SigningKey, key_files, load_global};
use crate::domain::{Fingerprint, ProductKey, PublishedKey};
use crate::files::DataDir;

/// All private keys, loaded at start. A product's key that is added later is loaded when an answer first needs it: the
/// database names it by its fingerprint, so nothing has to watch the directory. [`Self::reload_global`] loads another
/// global key.
pub struct Keyring {
    data: DataDir,
    /// `None` in a server that signs nothing. Read by every answer, without a lock.
    global: ArcSwapOption<SigningKey>,
    /// The keys of each product that were needed so far. After a rotation, answers stored before it still
    /// need the former key.
    products: RwLock<HashMap<i64, Vec<Arc<SigningKey>>>>,
}

/// A switch of the global key: the key that signed before, and the one that signs now.
pub struct Switched {
    pub before: Fingerprint,
    pub now: Arc<SigningKey>,
}

impl Keyring {
    /// Loads the global key and the given keys of products. Fails if one is missing, or if the global key is
    /// not the one that is `published` as current.
    pub fn load(
        data: &DataDir,
        products: &[ProductKey],
        published: &[PublishedKey],
    ) -> Result<Self, KeyError> {
        let ring = Self::empty(data);
        ring.global.store(Some(Arc::new(load_global(data, published)?)));
        for key in products {
            ring.of_product(key)?;
        }
        Ok(ring)
    }

    pub fn global_path(data: &DataDir) -> PathBuf {
        key_files::current(data, None)
    }

    pub fn product_path(data: &DataDir, product_id: i64) -> PathBuf {
        key_files::current(data, Some(product_id))
    }

    /// The name of a product's key file, in the directory of the keys.
    pub fn product_file(product_id: i64) -> String {
        format!("product-{product_id}.pem")
    }

    /// A keyring without keys, for a server that signs nothing.
    pub fn empty(data: &DataDir) -> Self {
        Self { data: data.clone(), global: ArcSwapOption::empty(), products: RwLock::default() }
    }

    pub fn global(&self) -> Option<Arc<SigningKey>> {
        self.global.load_full()
    }

    /// Reads the global key's file again. If it holds another key, that one signs from now on. On an error, a file that
    /// can't be read or a key that is not `published`, the former one still signs.
    pub fn reload_global(&self, published: &[PublishedKey]) -> Result<Option<Switched>, KeyError> {
        let Some(before) = self.global() else { return Ok(None) };
        let now = Arc::new(load_global(&self.data, published)?);
        if now.fingerprint() == before.fingerprint() {
            return Ok(None);
        }
        self.global.store(Some(Arc::clone(&now)));
        Ok(Some(Switched { before: before.fingerprint().clone(), now }))
    }

    /// The private half of a product's key, current or former. Reads its file the first time.
    pub fn of_product(&self, wanted: &ProductKey) -> Result<Arc<SigningKey>, KeyError> {
        if let Some(key) = self.cached(wanted) {
            return Ok(key);
        }
        let key = Arc::new(key_files::find(&self.data, wanted)?);
        let mut products = self.products.write().unwrap_or_else(PoisonError::into_inner);
        products.entry(wanted.product_id).or_default().push(Arc::clone(&key));
        Ok(key)
    }

    fn cached(&self, wanted: &ProductKey) -> Option<Arc<SigningKey>> {
        let products = self.products.read().unwrap_or_else(PoisonError::into_inner);
        let mut newest_first = products.get(&wanted.product_id)?.iter().rev();
        newest_first.find(|key| *key.fingerprint() == wanted.fingerprint).cloned()
    }
}
