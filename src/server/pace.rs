//! How fast a client must take its answers.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::time::{Instant, Sleep, sleep_until};

use crate::load::{ANSWER_TIMEOUTS, LEAST_TAKEN};

/// Watches a client that keeps the server waiting: it must take [`LEAST_TAKEN`] bytes in each `timeout`, and all of its
/// answers within [`ANSWER_TIMEOUTS`] of them, or the rest of a file in any time.
///
/// Most answers fit into the system's buffers, and no timer is set for them.
pub struct Pace {
    timeout: Duration,
    waiting: Option<Waiting>,
}

struct Waiting {
    /// When the client first kept the server waiting.
    since: Instant,
    /// The end of the present period.
    end: Pin<Box<Sleep>>,
    /// The bytes that the client has taken in this period.
    taken: usize,
}

impl Pace {
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, waiting: None }
    }

    /// Counts bytes that the client took.
    pub fn took(&mut self, bytes: usize) {
        if let Some(waiting) = &mut self.waiting {
            waiting.taken = waiting.taken.saturating_add(bytes);
        }
    }

    /// Nothing is left to take.
    pub fn rest(&mut self) {
        self.waiting = None;
    }

    /// Becomes ready when the client is too slow. `begins`: before this the client took all that there was, and
    /// what it did not take since is no fault of its own.
    pub fn poll_too_slow(&mut self, context: &mut Context<'_>, begins: bool, is_file: bool) -> Poll<()> {
        let (now, timeout) = (Instant::now(), self.timeout);
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            since: now,
            end: Box::pin(sleep_until(now + timeout)),
            taken: 0,
        });
        let mut may_be_late = !begins;
        while waiting.end.as_mut().poll(context).is_ready() {
            let is_late = !is_file && now.duration_since(waiting.since) >= timeout * ANSWER_TIMEOUTS;
            if is_late || may_be_late && waiting.taken < LEAST_TAKEN {
                return Poll::Ready(());
            }
            waiting.taken = 0;
            waiting.end.as_mut().reset(now + timeout);
            may_be_late = false;
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::time::advance;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    /// The seconds after which a client that takes so many bytes a second is too slow, of ten minutes.
    async fn ends_after(bytes: usize, is_file: bool) -> Option<u32> {
        let mut pace = Pace::new(TIMEOUT);
        for second in 0..600 {
            let polled = std::future::poll_fn(|context| pace.poll_too_slow(context, second == 0, is_file));
            if polled.now_or_never().is_some() {
                return Some(second);
            }
            advance(Duration::from_secs(1)).await;
            pace.took(bytes);
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_must_take_a_little_at_all_times_and_an_answer_in_two_minutes() {
        for (bytes, is_file, expected) in [
            (0, true, Some(30)),
            (LEAST_TAKEN / 30 - 1, true, Some(30)),
            (LEAST_TAKEN / 30 + 1, true, None),
            (0, false, Some(30)),
            (LEAST_TAKEN / 30 + 1, false, Some(120)),
            (10_000_000, false, Some(120)),
        ] {
            assert_eq!(ends_after(bytes, is_file).await, expected, "{bytes} {is_file}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_there_was_nothing_to_take_does_not_count() {
        let mut pace = Pace::new(TIMEOUT);
        let mut is_too_slow = |begins| {
            std::future::poll_fn(|context| pace.poll_too_slow(context, begins, true)).now_or_never().is_some()
        };
        assert!(!is_too_slow(true));
        advance(TIMEOUT * 3).await;
        assert!(!is_too_slow(true));
        advance(TIMEOUT * 2 / 3).await;
        assert!(!is_too_slow(false));
        advance(TIMEOUT / 3).await;
        assert!(is_too_slow(false));
    }
}
