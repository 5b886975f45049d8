//! Admission, and the ticket of an admitted request, which holds everything that the request has reserved.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, SemaphorePermit};

use super::body_memory::HeldBody;
use super::buckets::Token;
use super::guesses::{Standing, is_wrong_key, standing};
use super::limits::Load;
use super::network::Network;
use super::unavailable::Cause;
use super::{BODY_MEMORY_TIMEOUT, LIST_TIMEOUT};
use crate::domain::{ApiKeySecret, CallerId, Outcome};
use crate::signing::Promise;
use crate::store::Tx;
use crate::wire::params::Params;
use crate::wire::reply::Result;

impl Load {
    /// Admits a request whose answer is signed: counts it against its rates, and refuses it when its signature would
    /// be late. `api_key`: the one in its header, if any.
    pub fn admit(&self, address: IpAddr, api_key: Option<&ApiKeySecret>) -> Result<Ticket<'_>> {
        let ticket = self.admit_unsigned(address, api_key)?;
        ticket.admit_work()?;
        Ok(ticket)
    }

    /// Admits a request whose answer needs no signature of its own: counts it against its rates.
    pub fn admit_unsigned(&self, address: IpAddr, api_key: Option<&ApiKeySecret>) -> Result<Ticket<'_>> {
        let client = Network::of(address);
        self.rates.address.take(&client, self.now())?;
        api_key.map_or(Ok(()), |api_key| self.rates.admit_api_key(api_key, self.now()))?;
        Ok(Ticket::new(self, client))
    }
}

/// Everything that one request has reserved. Dropping it releases all of it.
pub struct Ticket<'a> {
    load: &'a Load,
    client: Network,
    body: Option<HeldBody>,
    /// A guess that is reserved and not settled. Dropping it spends it: otherwise a guesser could avoid the limit by
    /// closing connections before the answers.
    guess: Option<Token>,
    /// The caller may list all license keys: it has nothing to guess.
    is_trusted: bool,
    promise: Option<Promise>,
}

impl<'a> Ticket<'a> {
    pub(super) fn new(load: &'a Load, client: Network) -> Self {
        Self { load, client, body: None, guess: None, is_trusted: false, promise: None }
    }

    /// Refuses the request if its signature would be late: its body may have taken a while.
    pub fn admit_work(&self) -> Result<()> {
        self.load.admit_work()
    }

    /// Counts the request against the API key in its body.
    pub fn admit_api_key(&self, api_key: &ApiKeySecret) -> Result<()> {
        self.load.rates.admit_api_key(api_key, self.load.now())
    }

    /// Counts a telemetry report, whose fields have `length` bytes, against the quotas of its API key and address.
    pub fn admit_telemetry(&self, caller: CallerId, length: usize) -> Result<()> {
        self.load.telemetry.take(&self.client, caller, length, self.load.now())
    }

    /// Holds the memory that a large body of `length` bytes, or its fields, need until the answer. Waits first until
    /// the client may send another large body, then for a limited time for the memory.
    pub async fn hold_body(&mut self, length: usize) -> std::result::Result<(), Outcome> {
        let body = match &mut self.body {
            Some(body) => body,
            None => self.body.insert(self.load.body_memory.enter(self.client).await?),
        };
        body.grow(length).await.inspect_err(|_| {
            self.load.unavailable(Cause::Bodies);
        })
    }

    /// Whether a large body is held.
    pub fn holds_body(&self) -> bool {
        self.body.is_some()
    }

    /// Releases the memory of the body: it will not be read.
    pub fn release_body(&mut self) {
        self.body = None;
    }

    /// Hands over the memory of the body, for work that goes on without the request if its client is gone.
    pub fn take_body(&mut self) -> Option<HeldBody> {
        self.body.take()
    }

    /// Waits for a limited time for one of the places for parsing large bodies and writing long answers.
    pub async fn enter_background(&self) -> std::result::Result<OwnedSemaphorePermit, Outcome> {
        let place = Arc::clone(&self.load.background).acquire_owned();
        match tokio::time::timeout(BODY_MEMORY_TIMEOUT, place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(self.load.unavailable(Cause::Bodies)),
        }
    }

    /// Reserves a guess before an endpoint that takes a license key, unless the key is exempt. `is_trusted`: the
    /// caller may list all license keys. `on_writer`: the endpoint waits for the writer. Many guesses could wait
    /// there before the first is found wrong, so an unknown key always reserves a guess.
    pub fn check_guess(
        &mut self,
        tx: &Tx<'_>,
        params: &Params,
        is_trusted: bool,
        on_writer: bool,
    ) -> Result<()> {
        self.is_trusted = is_trusted;
        let guesses = &self.load.rates.guesses;
        let has_guessed = guesses.has_used(&self.client, self.load.now());
        if is_trusted || !(on_writer || has_guessed) {
            return Ok(());
        }
        let Some(license_key) = params.text("license_key") else { return Ok(()) };
        let must_pay = match standing(tx, &license_key, params, has_guessed)? {
            Standing::Unknown => true,
            Standing::Known => has_guessed,
            Standing::Active => false,
        };
        if must_pay {
            self.guess = guesses.take(&self.client, self.load.now())?;
        }
        Ok(())
    }

    /// Settles the guess after an endpoint. `refusal`: its outcome, if it refused. Refunds the guess unless the key
    /// was wrong. A wrong key without a reserved guess uses one up now; if none is left, the caller gets that error
    /// as the answer.
    pub fn settle_guess(&mut self, refusal: Option<Outcome>) -> Result<()> {
        if !refusal.is_some_and(is_wrong_key) {
            self.refund_guess();
        } else if self.guess.is_none() && !self.is_trusted {
            self.guess = self.load.rates.guesses.take(&self.client, self.load.now())?;
        }
        Ok(())
    }

    /// Refunds the reserved guess, because the key was right.
    pub fn refund_guess(&mut self) {
        if let Some(guess) = self.guess.take() {
            guess.refund();
        }
    }

    /// Waits for a limited time until another list may be read.
    pub async fn enter_list(&self) -> Result<SemaphorePermit<'a>> {
        match tokio::time::timeout(LIST_TIMEOUT, self.load.lists.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(self.load.unavailable(Cause::Lists).into()),
        }
    }

    /// Holds the promise of a signature until the request ends.
    pub fn keep_promise(&mut self, promise: Option<Promise>) {
        self.promise = promise;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;
    use crate::domain::{AnswerQuota, NewLicense, NewProduct, Rate, RateLimits, TelemetryQuota, Timestamp};
    use crate::files::DataDir;
    use crate::signing::SigningDelay;
    use crate::store::{Decision, Store};

    const NOW: Timestamp = Timestamp(1_700_000_000);

    /// A load that permits one guess in an hour.
    fn load() -> Load {
        let rate = Rate { burst: NonZeroU32::MIN, every: Duration::from_hours(1) };
        let limits = RateLimits { guesses: Some(rate), ..RateLimits::default() };
        let (telemetry, answers) = (TelemetryQuota::default(), AnswerQuota::default());
        Load::new(&limits, &telemetry, &answers, 1, Arc::new(SigningDelay::new(1)))
    }

    /// A store with the license KEY-1, which is not active anywhere.
    fn store() -> (TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::create(&DataDir::new(directory.path())).unwrap();
        let added = store.write_blocking(|tx| {
            let product_id = tx.add_product(&NewProduct::sample(), NOW).unwrap();
            Decision::Commit(tx.add_license(&NewLicense::sample(product_id, "KEY-1"), NOW).unwrap().is_some())
        });
        assert!(added.unwrap());
        (directory, store)
    }

    /// Whether a request from the one address is let through to its endpoint.
    fn check<'a>(load: &'a Load, store: &Store, key: &str, on_writer: bool) -> (Ticket<'a>, bool) {
        let mut ticket = load.admit([192, 0, 2, 1].into(), None).unwrap_or_else(|_| panic!("not admitted"));
        let mut params = Params::default();
        params.add("license_key".to_owned(), key.to_owned());
        let checked = store.read(|tx| ticket.check_guess(tx, &params, false, on_writer)).unwrap();
        (ticket, checked.is_ok())
    }

    #[test]
    fn an_unknown_key_on_its_way_to_the_writer_counts_at_once() {
        let (load, (_directory, store)) = (load(), store());
        assert!(check(&load, &store, "KEY-1", false).1 && check(&load, &store, "KEY-1", true).1);
        let (mut first, is_let_through) = check(&load, &store, "UNKNOWN", true);
        assert!(is_let_through);
        // Until it is settled, wrong and right keys are refused alike.
        for key in ["UNKNOWN", "KEY-1"] {
            assert!(!check(&load, &store, key, true).1);
        }
        assert!(!check(&load, &store, "KEY-1", false).1);
        first.settle_guess(None).unwrap();
        assert!(check(&load, &store, "KEY-1", false).1);
    }

    #[test]
    fn a_ticket_that_is_dropped_before_its_answer_has_paid() {
        let (load, (_directory, store)) = (load(), store());
        drop(check(&load, &store, "UNKNOWN", true));
        assert!(!check(&load, &store, "KEY-1", false).1);
    }

    #[test]
    fn a_wrong_key_that_paid_nothing_pays_once_it_is_known_to_be_wrong() {
        let (load, (_directory, store)) = (load(), store());
        let (mut first, mut second) =
            (check(&load, &store, "A", false).0, check(&load, &store, "B", false).0);
        assert!(first.settle_guess(Some(Outcome::InvalidLicenseKey)).is_ok());
        assert!(second.settle_guess(Some(Outcome::InvalidLicenseKey)).is_err());
    }
}
