//! The keys that sign: the installation's, and those of the products that have their own.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::{KeyError, SigningKey};
use crate::domain::Fingerprint;
use crate::store::DataDir;

/// All keys, loaded at start. A product's key that comes later is loaded when an answer first needs it: the database names it by its
/// fingerprint, so nothing has to watch the directory.
pub struct Keyring {
    data: DataDir,
    /// None in a server that signs nothing.
    global: Option<Arc<SigningKey>>,
    products: RwLock<HashMap<i64, Arc<SigningKey>>>,
}

impl Keyring {
    /// Loads the global key and those of the products given; refuses to start without any one of them.
    pub fn load(data: &DataDir, products: &[(i64, Fingerprint)]) -> Result<Self, KeyError> {
        let global = Some(Arc::new(SigningKey::load(&Self::global_path(data))?));
        let ring = Self { data: data.clone(), global, products: RwLock::default() };
        for (product_id, fingerprint) in products {
            ring.of_product(*product_id, fingerprint)?;
        }
        Ok(ring)
    }

    pub fn global_path(data: &DataDir) -> PathBuf {
        data.keys().join("global.pem")
    }

    pub fn product_path(data: &DataDir, product_id: i64) -> PathBuf {
        data.keys().join(Self::product_file(product_id))
    }

    /// The name of a product's key file, in the directory of the keys.
    pub fn product_file(product_id: i64) -> String {
        format!("product-{product_id}.pem")
    }

    /// No key at all: for a server that is told to sign nothing.
    pub fn empty(data: &DataDir) -> Self {
        Self { data: data.clone(), global: None, products: RwLock::default() }
    }

    pub fn global(&self) -> Option<&Arc<SigningKey>> {
        self.global.as_ref()
    }

    /// The key of this product that has this fingerprint. Reads its file the first time.
    pub fn of_product(
        &self,
        product_id: i64,
        fingerprint: &Fingerprint,
    ) -> Result<Arc<SigningKey>, KeyError> {
        let known = self.products.read().unwrap_or_else(PoisonError::into_inner).get(&product_id).cloned();
        if let Some(key) = known
            && key.fingerprint() == fingerprint
        {
            return Ok(key);
        }
        let path = Self::product_path(&self.data, product_id);
        let key = SigningKey::load(&path).map_err(|error| match error {
            KeyError::Missing(path) => KeyError::MissingForProduct { path, product_id },
            other => other,
        })?;
        if key.fingerprint() != fingerprint {
            return Err(KeyError::Mismatch { path, product_id });
        }
        let key = Arc::new(key);
        self.products.write().unwrap_or_else(PoisonError::into_inner).insert(product_id, Arc::clone(&key));
        Ok(key)
    }
}
