//! Room for large bodies: few requests have one, but anyone may send one, and hold it in memory by sending slowly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::caller::Network;
use crate::domain::Outcome;

/// How much of large bodies is held in memory at once, in steps of [`STEP`]: 16 MiB.
const STEPS: usize = 256;

/// Bodies take memory as they grow, by so many bytes.
const STEP: usize = 64 * 1024;

/// How many large bodies one client sends at once. More of them wait, within their time.
const OF_ONE_CLIENT: usize = 2;

/// How long a body that grows waits for others to end. Those that wait hold memory themselves, so they must
/// not wait for each other for long.
const BODY_MEMORY_TIMEOUT: Duration = Duration::from_secs(1);

/// The memory for large bodies, and who has how many.
pub struct LargeBodies {
    steps: Semaphore,
    clients: Mutex<HashMap<Network, Arc<Semaphore>>>,
}

impl Default for LargeBodies {
    fn default() -> Self {
        Self { steps: Semaphore::new(STEPS), clients: Mutex::default() }
    }
}

/// What one body has of it, until it is let go of.
pub struct Room<'a> {
    all: &'a LargeBodies,
    steps: Option<SemaphorePermit<'a>>,
    /// Last: it is given up when all else is.
    _place: Place<'a>,
}

/// A client's place, or his wait for one.
struct Place<'a> {
    all: &'a LargeBodies,
    client: Network,
    places: Arc<Semaphore>,
    is_taken: bool,
}

impl LargeBodies {
    /// Waits until the client has no more than one other large body.
    pub async fn enter(&self, client: Network) -> Result<Room<'_>, Outcome> {
        let places = {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(clients.entry(client).or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_CLIENT))))
        };
        let mut place = Place { all: self, client, places, is_taken: false };
        place.places.acquire().await.map_err(|_| Outcome::ServiceUnavailable)?.forget();
        place.is_taken = true;
        Ok(Room { all: self, steps: None, _place: place })
    }
}

impl Room<'_> {
    /// Takes as much as a body of `length` bytes needs.
    pub async fn grow(&mut self, length: usize) -> Result<(), Outcome> {
        let held = self.steps.as_ref().map_or(0, SemaphorePermit::num_permits);
        let Some(missing) = length.div_ceil(STEP).checked_sub(held).filter(|missing| *missing > 0) else {
            return Ok(());
        };
        let missing = u32::try_from(missing).map_err(|_| Outcome::PayloadTooLarge)?;
        let more = tokio::time::timeout(BODY_MEMORY_TIMEOUT, self.all.steps.acquire_many(missing)).await;
        let Ok(Ok(more)) = more else { return Err(Outcome::ServiceUnavailable) };
        match &mut self.steps {
            Some(steps) => steps.merge(more),
            None => self.steps = Some(more),
        }
        Ok(())
    }
}

impl Drop for Place<'_> {
    /// Who has no large body any more, and waits for none, is forgotten.
    fn drop(&mut self) {
        if self.is_taken {
            self.places.add_permits(1);
        }
        let mut clients = self.all.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // The list's own, and this one.
        if Arc::strong_count(&self.places) <= 2 {
            clients.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    fn client(number: u8) -> Network {
        Network::of([192, 0, 2, number].into())
    }

    #[tokio::test]
    async fn a_third_body_of_one_client_waits_and_anothers_does_not() {
        let all = LargeBodies::default();
        let first = all.enter(client(1)).await.unwrap();
        let second = all.enter(client(1)).await.unwrap();
        let mut third = Box::pin(all.enter(client(1)));
        assert!(poll!(&mut third).is_pending());
        drop(all.enter(client(2)).await.unwrap());
        drop(first);
        let third = third.await.unwrap();
        let mut fourth = Box::pin(all.enter(client(1)));
        assert!(poll!(&mut fourth).is_pending());
        drop((fourth, second, third));
        assert!(all.clients.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn bodies_take_what_they_need_and_no_more_than_there_is() {
        let all = LargeBodies::default();
        let mut rooms = Vec::new();
        for number in 0..128 {
            for _ in 0..OF_ONE_CLIENT {
                let mut room = all.enter(client(number)).await.unwrap();
                room.grow(STEP / 2).await.unwrap();
                room.grow(STEP).await.unwrap();
                rooms.push(room);
            }
        }
        let last = rooms.last_mut().unwrap();
        assert_eq!(last.grow(STEP + 1).await.unwrap_err(), Outcome::ServiceUnavailable);
        rooms.remove(0);
        rooms.last_mut().unwrap().grow(STEP + 1).await.unwrap();
        drop(rooms);
        assert_eq!(all.steps.available_permits(), STEPS);
    }
}
