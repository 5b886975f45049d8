//! The desk at which threads sign what is asked for, in its order, and hand it over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, select_biased};
use tokio::sync::oneshot;

use super::{Error, SigningKey};
use crate::domain::{Backlog, Waiting};

/// How many results a thread holds back at the most, and while four times as many wait: who signs wakes who
/// answers less often, and no answer is held up for longer than a quarter of what it waited.
const HELD_BACK: usize = 32;

/// One signature that is to be made.
pub(super) struct Order {
    pub(super) key: Arc<SigningKey>,
    pub(super) message: Box<[u8]>,
    pub(super) who: Waiting,
    pub(super) customer: oneshot::Sender<Result<Arc<str>, Error>>,
}

type Made = (oneshot::Sender<Result<Arc<str>, Error>>, Result<Arc<str>, Error>);

/// Where a thread that signs finds what it is to sign.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) orders: Receiver<Order>,
    pub(super) urgent: Receiver<Order>,
    pub(super) made: Arc<AtomicU64>,
    pub(super) backlog: Arc<Backlog>,
}

impl Desk {
    pub(super) fn attend(&self) {
        let mut held_back: Vec<Made> = Vec::with_capacity(HELD_BACK);
        loop {
            // Nothing is held back by a thread that waits: another may have taken what it saw coming.
            let Some(order) = self.waiting().or_else(|| {
                deliver(&mut held_back);
                self.next()
            }) else {
                return;
            };
            let Order { key, message, customer, .. } = order;
            // Whoever has gone away meanwhile needs no signature.
            if !customer.is_closed() {
                let began = Instant::now();
                let signature = key.sign(&message).map(Into::into);
                self.made.fetch_add(1, Ordering::Relaxed);
                self.backlog.note(began.elapsed());
                held_back.push((customer, signature));
            }
            if held_back.len() >= (self.backlog.waiting() / 4).min(HELD_BACK) {
                deliver(&mut held_back);
            }
        }
    }

    /// What waits already.
    pub(super) fn waiting(&self) -> Option<Order> {
        self.urgent
            .try_recv()
            .or_else(|_| self.orders.try_recv().inspect(|order| self.backlog.take(order.who)))
            .ok()
    }

    /// Waits for the next; `None`: there will be none any more.
    pub(super) fn next(&self) -> Option<Order> {
        select_biased! {
            recv(self.urgent) -> order => order.ok(),
            recv(self.orders) -> order => order.ok().inspect(|order| self.backlog.take(order.who)),
        }
        // Both ends close at once, and what is still in the other is signed.
        .or_else(|| self.waiting())
    }
}

fn deliver(made: &mut Vec<Made>) {
    for (customer, signature) in made.drain(..) {
        drop(customer.send(signature));
    }
}
