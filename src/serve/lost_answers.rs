//! Queued orders whose answers never reached their senders, who will send them again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::call::LostOrders;

/// How long a repeat of such an order is recognized.
const REPEATED: Duration = Duration::from_mins(5);

/// The most orders that are noted. Beyond it the oldest is forgotten, and its repeat is an order of its own.
const MOST: usize = 4096;

/// The fingerprints of these orders, oldest first. Kept in memory alone: after a crash a repeat is an order of its own,
/// and a license key too many does less harm than one too few.
#[derive(Default)]
pub struct LostAnswers(Mutex<VecDeque<([u8; 32], Instant)>>);

impl LostAnswers {
    pub fn note(&self, fingerprint: [u8; 32]) {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.len() >= MOST {
            lost.pop_front();
        }
        lost.push_back((fingerprint, Instant::now()));
    }
}

impl LostOrders for LostAnswers {
    fn take(&self, fingerprint: &[u8; 32]) -> bool {
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lost.retain(|(_, since)| since.elapsed() < REPEATED);
        let place = lost.iter().position(|(noted, _)| noted == fingerprint);
        place.is_some_and(|place| lost.remove(place).is_some())
    }
}
