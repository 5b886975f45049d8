//! The ticket of an admitted request: what it has taken of the limits, given back when it is dropped.

use std::net::IpAddr;

use tokio::sync::SemaphorePermit;

use super::LIST_TIMEOUT;
use super::body_memory::HeldBody;
use super::buckets::Reservation;
use super::guesses::{Standing, is_wrong_key, standing};
use super::limits::Load;
use super::network::Network;
use super::unavailable::Cause;
use crate::domain::{ApiKeySecret, Outcome};
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
        self.rates.admit_address(client, self.now())?;
        api_key.map_or(Ok(()), |api_key| self.rates.admit_api_key(api_key, self.now()))?;
        Ok(Ticket::new(self, client))
    }
}

/// What one request holds while it is inside.
pub struct Ticket<'a> {
    load: &'a Load,
    client: Network,
    body: Option<HeldBody<'a>>,
    /// A guess that is reserved and not settled. Spent when dropped: a client that leaves before its answer has paid,
    /// or guessing would be free to those who don't wait.
    guess: Option<Reservation>,
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

    /// Holds the memory that a large body of `length` bytes needs. Waits first until the client may send another large
    /// body, then for a limited time for the memory.
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

    /// Gives the memory of the body back: it is parsed, or will not be read.
    pub fn release_body(&mut self) {
        self.body = None;
    }

    /// Before an endpoint that names a license key: reserves a guess, if the key must pay for one. `is_trusted`: the
    /// caller may list all license keys. `on_writer`: the endpoint waits for the writer, where many guesses could wait
    /// side by side before the first is found wrong, so unknown keys pay in any case.
    pub fn check_guess(
        &mut self,
        tx: &Tx<'_>,
        params: &Params,
        is_trusted: bool,
        on_writer: bool,
    ) -> Result<()> {
        self.is_trusted = is_trusted;
        let has_guessed = self.load.rates.has_guessed(self.client, self.load.now());
        if is_trusted || !(on_writer || has_guessed) {
            return Ok(());
        }
        let Some(license_key) = params.text("license_key") else { return Ok(()) };
        let standing = standing(tx, &license_key, params, has_guessed)?;
        let must_pay = match standing {
            Standing::Unknown => true,
            Standing::Known => has_guessed,
            Standing::Active => false,
        };
        if must_pay {
            let is_probably_right = standing == Standing::Known;
            self.guess = self.load.rates.reserve_guess(self.client, is_probably_right, self.load.now())?;
        }
        Ok(())
    }

    /// After an endpoint, `refusal` being its outcome if it refused: refunds the guess unless the key was wrong. A
    /// wrong key that is not paid for pays now, or gets the error in place of its answer.
    pub fn settle_guess(&mut self, refusal: Option<Outcome>) -> Result<()> {
        let is_wrong = refusal.is_some_and(is_wrong_key);
        match self.guess.take() {
            Some(guess) if is_wrong => drop(guess),
            Some(guess) => guess.refund(),
            None if is_wrong && !self.is_trusted => {
                self.load.rates.admit_guess(self.client, self.load.now())?;
            }
            None => {}
        }
        Ok(())
    }

    /// Waits for a limited time for one of the places for lists.
    pub async fn enter_list(&self) -> Result<SemaphorePermit<'a>> {
        match tokio::time::timeout(LIST_TIMEOUT, self.load.lists.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(self.load.unavailable(Cause::Lists).into()),
        }
    }

    /// Keeps the promise of a signature until the request ends.
    pub fn keep_promise(&mut self, promise: Option<Promise>) {
        self.promise = promise;
    }
}
