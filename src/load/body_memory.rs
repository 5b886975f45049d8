//! Memory for large bodies and for the fields that are made of them. Few requests have one, but a client could exhaust
//! the server's memory by sending many of them slowly, or by having many of them wait for the writer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::network::Network;
use super::{BODY_MEMORY, BODY_MEMORY_TIMEOUT, LARGE_BODIES_PER_CLIENT};
use crate::domain::Outcome;

/// The number of bytes by which the memory of a growing body is increased.
const STEP: usize = 64 * 1024;

/// The memory that large bodies share, and how many each client sends.
pub struct BodyMemory {
    steps: Arc<Semaphore>,
    clients: Arc<Clients>,
}

/// The places of each client that has a large body now.
type Clients = Mutex<HashMap<Network, Arc<Semaphore>>>;

impl Default for BodyMemory {
    fn default() -> Self {
        Self { steps: Arc::new(Semaphore::new(BODY_MEMORY / STEP)), clients: Arc::default() }
    }
}

/// The memory of one body, until this is dropped.
pub struct HeldBody {
    memory: Arc<Semaphore>,
    steps: Option<OwnedSemaphorePermit>,
    /// The last field, so that the client's place is free only after the memory is.
    _place: Place,
}

/// A client's slot for a large body, or its wait for one.
struct Place {
    clients: Arc<Clients>,
    client: Network,
    places: Arc<Semaphore>,
    is_taken: bool,
}

impl BodyMemory {
    /// Waits for one of the client's slots for large bodies.
    pub async fn enter(&self, client: Network) -> Result<HeldBody, Outcome> {
        let places = {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(
                clients.entry(client).or_insert_with(|| Arc::new(Semaphore::new(LARGE_BODIES_PER_CLIENT))),
            )
        };
        let mut place = Place { clients: Arc::clone(&self.clients), client, places, is_taken: false };
        place.places.acquire().await.map_err(|_| Outcome::ServiceUnavailable)?.forget();
        place.is_taken = true;
        Ok(HeldBody { memory: Arc::clone(&self.steps), steps: None, _place: place })
    }
}

impl HeldBody {
    /// Takes the memory that a body of `length` bytes needs, and waits for it for a limited time.
    pub async fn grow(&mut self, length: usize) -> Result<(), Outcome> {
        let held = self.steps.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(missing) = length.div_ceil(STEP).checked_sub(held).filter(|missing| *missing > 0) else {
            return Ok(());
        };
        let missing = u32::try_from(missing).map_err(|_| Outcome::PayloadTooLarge)?;
        let more = Arc::clone(&self.memory).acquire_many_owned(missing);
        let Ok(Ok(more)) = tokio::time::timeout(BODY_MEMORY_TIMEOUT, more).await else {
            return Err(Outcome::ServiceUnavailable);
        };
        match &mut self.steps {
            Some(steps) => steps.merge(more),
            None => self.steps = Some(more),
        }
        Ok(())
    }
}

impl Drop for Place {
    /// Frees the place, and forgets a client that has no other and waits for none.
    fn drop(&mut self) {
        if self.is_taken {
            self.places.add_permits(1);
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // One reference is the map's, one is this place's.
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
    async fn a_clients_third_body_waits_and_another_clients_does_not() {
        let memory = BodyMemory::default();
        let first = memory.enter(client(1)).await.unwrap();
        let second = memory.enter(client(1)).await.unwrap();
        let mut third = Box::pin(memory.enter(client(1)));
        assert!(poll!(&mut third).is_pending());
        drop(memory.enter(client(2)).await.unwrap());
        drop(first);
        let third = third.await.unwrap();
        let mut fourth = Box::pin(memory.enter(client(1)));
        assert!(poll!(&mut fourth).is_pending());
        drop((fourth, second, third));
        assert!(memory.clients.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn bodies_take_the_memory_they_need_and_no_more_than_there_is() {
        let memory = BodyMemory::default();
        let mut bodies = Vec::new();
        for number in 0..128 {
            for _ in 0..LARGE_BODIES_PER_CLIENT {
                let mut body = memory.enter(client(number)).await.unwrap();
                body.grow(STEP / 2).await.unwrap();
                body.grow(STEP).await.unwrap();
                bodies.push(body);
            }
        }
        let last = bodies.last_mut().unwrap();
        assert_eq!(last.grow(STEP + 1).await.unwrap_err(), Outcome::ServiceUnavailable);
        bodies.remove(0);
        bodies.last_mut().unwrap().grow(STEP + 1).await.unwrap();
        drop(bodies);
        assert_eq!(memory.steps.available_permits(), BODY_MEMORY / STEP);
    }
}
