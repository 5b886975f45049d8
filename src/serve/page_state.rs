//! The state of the pages beside the API: the generated documents, the list of public keys as it was last read, and the
//! contents that a demo resets to.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::config::{Config, DemoConfig};
use crate::domain::Timestamp;
use crate::reference::{ASSETS, Documents, Settings};
use crate::signing::SigningKey;
use crate::store::{self, Contents, Store};

pub const JSON: &str = "application/json";

/// The time for which the list of keys is served from memory: however many clients ask, it is read once in that time.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The contents of generated pages, kept in memory.
#[derive(Default)]
pub struct Pages {
    pub documents: Library,
    pub keys: Mutex<Option<KeyList>>,
}

/// The entity tag of a content: its hash.
pub fn etag(content: &[u8]) -> String {
    format!("\"{}\"", BASE64.encode(Sha256::digest(content)))
}

/// One document as it is sent.
pub struct Document {
    pub path: &'static str,
    pub content_type: &'static str,
    pub content: Bytes,
    pub etag: String,
}

impl Document {
    fn new(path: &'static str, content_type: &'static str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self { path, content_type, etag: etag(&content), content }
    }
}

/// The documents of one server, generated at the first request for one of them.
#[derive(Default)]
pub struct Library(OnceLock<Vec<Document>>);

impl Library {
    pub fn document(&self, path: &str, config: &Config) -> Option<&Document> {
        self.0.get_or_init(|| generate(config)).iter().find(|document| document.path == path)
    }

    pub fn is_generated(&self) -> bool {
        self.0.get().is_some()
    }
}

fn generate(config: &Config) -> Vec<Document> {
    let settings =
        Settings { public_url: config.pages.base_url().to_owned(), http_status: config.http.status };
    let written = Documents::write(&settings);
    let assets =
        ASSETS.iter().map(|asset| Document::new(asset.path, asset.content_type, asset.content(&settings)));
    let documents = [
        Document::new("/openapi.json", JSON, written.openapi),
        Document::new("/postman.json", JSON, written.postman),
    ];
    assets.chain(documents).collect()
}

/// The list of public keys as it was last read.
#[derive(Clone)]
pub struct KeyList {
    pub read_at: Instant,
    /// The global key at that time: once another one signs, the list is read again at once.
    pub global: Option<Arc<SigningKey>>,
    pub list: Bytes,
    pub etag: String,
}

impl KeyList {
    pub fn is_current(&self, now: Instant, global: Option<&Arc<SigningKey>>) -> bool {
        let is_same = match (&self.global, global) {
            (Some(then), Some(now)) => then.fingerprint() == now.fingerprint(),
            (then, now) => then.is_none() && now.is_none(),
        };
        is_same && now.duration_since(self.read_at) < MAX_AGE
    }
}

/// The state that a demo resets to.
pub struct Demo {
    pub contents: Arc<Contents>,
    /// `None`: the machine's time.
    pub clock: Option<Timestamp>,
}

impl Demo {
    /// Records the current contents of the database as the state to reset to, and starts the clock.
    pub fn begin(
        demo: &DemoConfig,
        config: &Config,
        store: &Store,
        clock: &Clock,
    ) -> Result<Self, store::Error> {
        let contents = Arc::new(store.try_read(|tx| tx.contents())?);
        config.randomness.save_position();
        clock.reset(demo.clock);
        Ok(Self { contents, clock: demo.clock })
    }
}
