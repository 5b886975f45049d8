//! The time limit for the head of a request, on a connection that had one before.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::time::{Sleep, sleep};

/// The time in which a head must come to its end, once it has begun; up to twice as much if it begins behind a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Watches for a head that has begun and doesn't end. actix-http limits the time of the first head on a connection
/// alone; on a later one anyone could keep the connection open.
#[derive(Default)]
pub struct HeadTimer {
    /// The number of requests that had begun when bytes of a head were last given to actix-http.
    given: u64,
    timer: Option<Timer>,
}

struct Timer {
    end: Pin<Box<Sleep>>,
    /// The number of requests that had begun at its start.
    begun: u64,
}

impl HeadTimer {
    /// Notes that bytes of a head come in. `begun`: how many requests have begun on the connection.
    pub fn give(&mut self, begun: u64) {
        self.given = begun;
    }

    /// Becomes ready when a head is late. One timer serves all requests of its time.
    pub fn poll_late(&mut self, context: &mut Context<'_>, begun: u64) -> Poll<()> {
        let is_incomplete = begun > 0 && self.given == begun;
        loop {
            let Some(timer) = &mut self.timer else {
                if !is_incomplete {
                    return Poll::Pending;
                }
                self.timer = Some(Timer { end: Box::pin(sleep(HEAD_TIMEOUT)), begun });
                continue;
            };
            ready!(timer.end.as_mut().poll(context));
            let is_late = is_incomplete && timer.begun == begun;
            self.timer = None;
            if is_late {
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_end_is_late_and_no_other() {
        let mut head = HeadTimer::default();
        let is_late = |head: &mut HeadTimer, begun| {
            std::future::poll_fn(|context| head.poll_late(context, begun)).now_or_never().is_some()
        };
        // actix-http times the first.
        head.give(0);
        assert!(!is_late(&mut head, 0));
        advance(HEAD_TIMEOUT * 2).await;
        assert!(!is_late(&mut head, 0));
        // One head after another, with pauses between them.
        for begun in 1..5 {
            assert!(!is_late(&mut head, begun));
            advance(HEAD_TIMEOUT * 3).await;
            assert!(!is_late(&mut head, begun));
            head.give(begun);
            assert!(!is_late(&mut head, begun));
            advance(HEAD_TIMEOUT / 2).await;
        }
        // The fifth begins, and more of it comes, but not its end.
        assert!(!is_late(&mut head, 5));
        head.give(5);
        assert!(!is_late(&mut head, 5));
        advance(HEAD_TIMEOUT).await;
        head.give(5);
        assert!(!is_late(&mut head, 5));
        advance(HEAD_TIMEOUT).await;
        assert!(is_late(&mut head, 5));
    }
}
