//! The state that all requests share.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::activity::Activity;
use super::forwarders::Forwarders;
use super::last_used::LastUsed;
use super::lost_answers::LostAnswers;
use super::page_state::{Demo, Pages};
use super::request_id::RequestIds;
use super::signed_answers::SignedAnswers;
use crate::api::call::{PublicKeys, PublicUrl, RequestContext};
use crate::clock::{Clock, now};
use crate::config::Config;
use crate::domain::{ApiKeySecret, CallerId, Timestamp};
use crate::load::Load;
use crate::metrics::Metrics;
use crate::signing::{Keyring, Signatures};
use crate::store::Store;

/// The state of one server.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub started_at: Timestamp,
    pub store: Store,
    pub keyring: Keyring,
    pub signatures: Signatures,
    pub signed_answers: SignedAnswers,
    pub load: Load,
    pub last_used: LastUsed,
    pub activity: Arc<Activity>,
    pub lost_answers: LostAnswers,
    pub request_ids: RequestIds,
    pub forwarders: Forwarders,
    /// `None`: no metrics are served.
    pub metrics: Option<Metrics>,
    pub pages: Pages,
    /// The state that a demo resets to; `None` in every other server.
    pub demo: Option<Demo>,
}

impl App {
    pub fn new(config: Config, store: Store, keyring: Keyring, signatures: Signatures) -> Self {
        Self {
            clock: Clock::start(Arc::clone(&config.clock_ahead)),
            started_at: now(),
            signed_answers: SignedAnswers::default(),
            load: Load::new(
                &config.limits.rates,
                &config.storage.telemetry,
                &config.storage.answers,
                config.workers,
                Arc::clone(signatures.delay()),
            ),
            last_used: LastUsed::default(),
            activity: Arc::new(Activity::new(config.activity)),
            lost_answers: LostAnswers::default(),
            request_ids: RequestIds::default(),
            forwarders: Forwarders::default(),
            metrics: config.http.metrics_listen.is_some().then(Metrics::new),
            pages: Pages::default(),
            demo: None,
            config,
            store,
            keyring,
            signatures,
        }
    }

    /// Makes the request context: the facts about the caller and the server that an endpoint can see.
    pub fn request_context<'a>(
        &'a self,
        address: IpAddr,
        caller: CallerId,
        api_key: Option<&'a ApiKeySecret>,
    ) -> RequestContext<'a> {
        RequestContext {
            address,
            caller,
            api_key,
            has_idempotency_key: false,
            public_url: &self.config,
            shows_changelogs: !self.config.pages.no_changelog,
            delivery_delay: self.config.webhooks.delays.first().copied().unwrap_or_default(),
            randomness: &self.config.randomness,
            public_keys: &self.keyring,
            lost_orders: &self.lost_answers,
        }
    }
}

impl PublicUrl for Config {
    fn public_url(&self) -> Cow<'_, str> {
        self.pages.base_url().into()
    }
}

impl PublicKeys for Keyring {
    fn global(&self) -> Option<String> {
        Self::global(self).map(|key| key.public().pem().to_owned())
    }
}
