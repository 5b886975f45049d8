//! The state behind the limits: how much of each is in use.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::Level;
use tokio::sync::Semaphore;

use super::answer_memory::{AnswerMemory, HeldAnswer, Reader};
use super::body_memory::BodyMemory;
use super::network::Network;
use super::quotas::Quotas;
use super::rates::Rates;
use super::unavailable::{Cause, Unavailable};
use super::{ADMISSION_DELAY, CHANGE_DELAY};
use crate::domain::{AnswerQuota, CallerId, Outcome, RateLimits, TelemetryQuota};
use crate::signing::{Promise, SigningDelay};
use crate::wire::reply::Result;

/// The current use of each limit, in one server.
pub struct Load {
    pub(super) rates: Rates,
    pub(super) telemetry: Quotas,
    kept_answers: Quotas,
    pub(super) body_memory: BodyMemory,
    answers: AnswerMemory,
    pub(super) lists: Semaphore,
    pub(super) background: Arc<Semaphore>,
    signing: Arc<SigningDelay>,
    unavailable: Unavailable,
    started: Instant,
}

impl Load {
    /// `workers`: how many lists may be read at once, and for two of them a large body is parsed or a long answer
    /// written. `signing`: the delay of the queue that signs the answers.
    pub fn new(
        rates: &RateLimits,
        telemetry: &TelemetryQuota,
        answers: &AnswerQuota,
        workers: usize,
        signing: Arc<SigningDelay>,
    ) -> Self {
        Self {
            rates: Rates::new(rates),
            telemetry: Quotas::of_telemetry(telemetry),
            kept_answers: Quotas::of_answers(answers),
            body_memory: BodyMemory::default(),
            answers: AnswerMemory::default(),
            lists: Semaphore::new(workers),
            background: Arc::new(Semaphore::new(workers.div_ceil(2))),
            signing,
            unavailable: Unavailable::default(),
            started: Instant::now(),
        }
    }

    /// Refuses a request whose signature would be late.
    pub(super) fn admit_work(&self) -> Result<()> {
        self.check_signing_delay(ADMISSION_DELAY)
    }

    /// Refuses, on the writer thread, an admitted change whose signature would be late.
    pub fn admit_change(&self) -> Result<()> {
        self.check_signing_delay(CHANGE_DELAY)
    }

    fn check_signing_delay(&self, limit: Duration) -> Result<()> {
        if self.signing.exceeds(limit) { Err(self.unavailable(Cause::Signing).into()) } else { Ok(()) }
    }

    /// Counts the answer to a request with an `Idempotency-Key`, which takes `length` bytes, against the quotas of its
    /// API key and address.
    pub fn admit_answer(&self, address: IpAddr, caller: CallerId, length: usize) -> Result<()> {
        self.kept_answers.take(&Network::of(address), caller, length, self.now())
    }

    /// Counts the signature of a change before it is requested. The count ends when the promise is dropped.
    pub fn promise_signature(&self) -> Promise {
        self.signing.promise()
    }

    /// Holds the memory of a large answer of `length` bytes until its client has taken it. `address`: `None` for a
    /// client without a limit of its own.
    pub fn hold_answer(
        &self,
        address: Option<IpAddr>,
        length: usize,
        reader: Reader,
    ) -> std::result::Result<HeldAnswer, Outcome> {
        let held = self.answers.take(address.map(Network::of), length, reader);
        held.ok_or_else(|| self.unavailable(Cause::Answers))
    }

    /// Counts an answer 1901 by its cause, and returns that outcome.
    pub fn unavailable(&self, cause: Cause) -> Outcome {
        self.unavailable.count(cause);
        Outcome::ServiceUnavailable
    }

    /// The level of the log line of a request that is answered 1901.
    pub fn level_of_unavailable(&self) -> Level {
        self.unavailable.level()
    }

    /// The number of requests that each rate limit has refused, by its name in the metrics.
    pub fn refused(&self) -> [(&'static str, u64); 5] {
        let [address, key, guesses] = self.rates.refused();
        [
            address,
            key,
            guesses,
            ("telemetry", self.telemetry.refused()),
            ("answers", self.kept_answers.refused()),
        ]
    }

    /// To be called once a minute: logs how many requests were refused, and forgets idle clients.
    pub fn tidy(&self) {
        self.rates.tidy(self.now());
        self.telemetry.tidy(self.now());
        self.kept_answers.tidy(self.now());
        self.log_unavailable();
    }

    /// Logs how many requests got 1901 since the last time.
    pub fn log_unavailable(&self) {
        self.unavailable.log_summary();
    }

    /// The time since the server's start.
    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }
}
