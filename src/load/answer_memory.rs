//! Memory for large answers that clients have not taken yet. A client could exhaust the server's memory by requesting
//! many of them and taking them slowly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::network::Network;
use super::{ANSWER_MEMORY, ANSWER_MEMORY_PER_CLIENT};

/// Who gets an answer, which says how much memory there is for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Anybody: half of the memory, so that strangers leave the rest to callers with a key.
    Stranger,
    /// A caller with a key.
    Caller,
    /// A caller whose change is committed: any memory, since the answer must be given.
    Committed,
}

/// The memory of all large answers.
#[derive(Clone, Default)]
pub struct AnswerMemory(Arc<Mutex<Used>>);

#[derive(Default)]
struct Used {
    bytes: usize,
    of_each: HashMap<Network, usize>,
}

/// The memory of one answer, until this is dropped.
pub struct HeldAnswer {
    memory: AnswerMemory,
    client: Option<Network>,
    bytes: usize,
}

impl AnswerMemory {
    /// Takes the memory of an answer, if there is as much. `client`: `None` for one that has no limit of its own. One
    /// answer alone always finds room.
    pub fn take(&self, client: Option<Network>, bytes: usize, reader: Reader) -> Option<HeldAnswer> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most = match reader {
            Reader::Stranger => ANSWER_MEMORY / 2,
            Reader::Caller | Reader::Committed => ANSWER_MEMORY,
        };
        let exceeds = |used: usize, most: usize| used > 0 && used.saturating_add(bytes) > most;
        let of_client = client.and_then(|client| used.of_each.get(&client).copied()).unwrap_or_default();
        let is_refused = exceeds(used.bytes, most) || exceeds(of_client, ANSWER_MEMORY_PER_CLIENT);
        if is_refused && reader != Reader::Committed {
            return None;
        }
        used.bytes = used.bytes.saturating_add(bytes);
        if let Some(client) = client {
            used.of_each.insert(client, of_client.saturating_add(bytes));
        }
        Some(HeldAnswer { memory: self.clone(), client, bytes })
    }
}

impl HeldAnswer {
    /// Gives back all but `bytes` of the memory.
    pub fn shrink(&mut self, bytes: usize) {
        let given = self.bytes.saturating_sub(bytes);
        self.bytes -= given;
        let mut used = self.memory.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.bytes = used.bytes.saturating_sub(given);
        let Some(client) = self.client else { return };
        if let Some(of_client) = used.of_each.get_mut(&client) {
            *of_client = of_client.saturating_sub(given);
            if *of_client == 0 {
                used.of_each.remove(&client);
            }
        }
    }
}

impl Drop for HeldAnswer {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(memory: &AnswerMemory, client: u8, bytes: usize, reader: Reader) -> Option<HeldAnswer> {
        memory.take(Some(Network::of([192, 0, 2, client].into())), bytes, reader)
    }

    #[test]
    fn a_client_has_its_share_and_all_together_have_the_whole() {
        let memory = AnswerMemory::default();
        let share = ANSWER_MEMORY_PER_CLIENT;
        let mut first = take(&memory, 1, share, Reader::Caller).unwrap();
        first.shrink(share - 1);
        assert!(take(&memory, 1, 2, Reader::Caller).is_none());
        let second = take(&memory, 1, 1, Reader::Caller).unwrap();
        let others: Vec<_> = (2..).map_while(|number| take(&memory, number, share, Reader::Caller)).collect();
        assert_eq!((others.len() + 1) * share, ANSWER_MEMORY);
        assert!(memory.take(None, 1, Reader::Caller).is_none());
        drop(second);
        assert!(take(&memory, 1, 1, Reader::Caller).is_some());
        // The answer to a change is given all the same.
        drop(take(&memory, 1, share, Reader::Committed).unwrap());
        drop((first, others));
        let used = memory.0.lock().unwrap();
        assert!(used.bytes == 0 && used.of_each.is_empty());
    }

    #[test]
    fn strangers_leave_half_of_it_to_callers_with_a_key() {
        let memory = AnswerMemory::default();
        let held: Vec<_> =
            (0..).map_while(|number| take(&memory, number, 1024 * 1024, Reader::Stranger)).collect();
        assert_eq!(held.len() * 1024 * 1024, ANSWER_MEMORY / 2);
        assert!(take(&memory, 200, 1024 * 1024, Reader::Caller).is_some());
    }

    #[test]
    fn one_answer_alone_finds_room_however_long_it_is() {
        let memory = AnswerMemory::default();
        let _held = take(&memory, 1, ANSWER_MEMORY * 2, Reader::Caller).unwrap();
        assert!(take(&memory, 2, 1, Reader::Caller).is_none());
    }
}
