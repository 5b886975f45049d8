//! One request at a time on each connection.
//!
//! actix-http decodes all requests that it has read, and writes each answer by what it knows of the request that it
//! decoded last (`actix_http::h1::Codec`; no upstream issue describes this). If a HEAD was decoded while an earlier
//! request was being answered, that answer is sent without its body, although its head announces one, and the client
//! takes the start of the next answer for it. It also reads and decodes on while a client takes no answers, so its
//! memory grows with each request that the client sends, by about five kilobytes.
//!
//! Therefore the server's stream (`server/stream.rs`) gives it bytes only when they are needed. [`Turns`] says which.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, Payload};
use futures_util::StreamExt as _;

/// What a connection serves, shared between its stream and the request.
#[derive(Clone, Default)]
pub struct Turns(Rc<State>);

#[derive(Default)]
struct State {
    is_serving: Cell<bool>,
    /// How many requests have begun.
    begun: Cell<u64>,
    /// All bytes of the body that were decoded are read, and its end is not among them.
    awaits_body: Cell<bool>,
    /// The bytes of the body that are not read yet; `None` for one in chunks.
    left: Cell<Option<u64>>,
    sends_file: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

/// The bytes that can be decoded next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Those of the next request.
    Request,
    /// So many of the body of the request that is served.
    Body(u64),
    /// Those of its body in chunks, which ends where nobody knows.
    Chunks,
    /// None until the request is served.
    Nothing,
}

impl Turns {
    pub fn expected(&self) -> Expected {
        match (self.0.is_serving.get(), self.0.awaits_body.get()) {
            (false, _) => Expected::Request,
            (true, true) => self.0.left.get().map_or(Expected::Chunks, Expected::Body),
            (true, false) => Expected::Nothing,
        }
    }

    pub fn is_serving(&self) -> bool {
        self.0.is_serving.get()
    }

    /// How many requests of the connection have begun.
    pub fn begun(&self) -> u64 {
        self.0.begun.get()
    }

    /// Whether the answer that is being sent is a file.
    pub fn sends_file(&self) -> bool {
        self.0.sends_file.get()
    }

    /// Wakes `reader` when further bytes can be decoded.
    pub fn wake_later(&self, reader: &Waker) {
        match &mut *self.0.reader.borrow_mut() {
            Some(known) => known.clone_from(reader),
            none => *none = Some(reader.clone()),
        }
    }

    /// Counts bytes of the body that were read.
    fn read(&self, bytes: usize) {
        let read = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0.left.update(|left| left.map(|left| left.saturating_sub(read)));
    }

    /// Wakes the reader that waits, if one does.
    pub fn wake(&self) {
        if let Some(reader) = self.0.reader.take() {
            reader.wake();
        }
    }
}

/// The turn of one request. It ends when its answer is written, or when this is dropped.
pub struct Turn(Option<Turns>);

impl Turn {
    /// Begins the turn of a request.
    pub fn begin(request: &ServiceRequest) -> Self {
        let length = request.headers().get(CONTENT_LENGTH);
        Self::of(request.conn_data(), length.and_then(|length| length.to_str().ok()?.parse().ok()))
    }

    /// `turns`: those of its connection; `None` in a test without one. `length`: that of its body, if it is known.
    pub fn of(turns: Option<&Turns>, length: Option<u64>) -> Self {
        if let Some(Turns(state)) = turns {
            state.is_serving.set(true);
            state.begun.update(|begun| begun.wrapping_add(1));
            state.left.set(length);
        }
        Self(turns.cloned())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = &self.0 {
            turns.0.is_serving.set(false);
            turns.0.awaits_body.set(false);
            turns.0.sends_file.set(false);
            turns.wake();
        }
    }
}

/// Says that the answer to this request is a file, which may take its client long.
pub fn sends_file(request: &HttpRequest) {
    if let Some(Turns(state)) = request.conn_data::<Turns>() {
        state.sends_file.set(true);
    }
}

/// Reads the next part of a request's body.
pub async fn next_part(request: &HttpRequest, payload: &mut Payload) -> Option<Result<Bytes, PayloadError>> {
    let awaiting = request.conn_data().map(Awaiting);
    poll_fn(|context| {
        let polled = payload.poll_next_unpin(context);
        if let Some(awaiting) = &awaiting {
            awaiting.polled(&polled);
        }
        polled
    })
    .await
}

/// Waits for a part of a body until this is dropped: the body may be given up.
struct Awaiting<'a>(&'a Turns);

impl Awaiting<'_> {
    fn polled(&self, polled: &Poll<Option<Result<Bytes, PayloadError>>>) {
        let Self(turns) = self;
        let awaited = turns.0.awaits_body.replace(polled.is_pending());
        match polled {
            // Once: a reader that waits for something else is polled together with the body, and would wait again.
            Poll::Pending if !awaited => turns.wake(),
            Poll::Ready(Some(Ok(bytes))) => turns.read(bytes.len()),
            Poll::Pending | Poll::Ready(_) => {}
        }
    }
}

impl Drop for Awaiting<'_> {
    fn drop(&mut self) {
        self.0.0.awaits_body.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_expected_between_two_turns_and_for_a_body() {
        let turns = Turns::default();
        assert_eq!(turns.expected(), Expected::Request);
        for (length, expected) in [(None, Expected::Chunks), (Some(10), Expected::Body(7))] {
            let turn = Turn::of(Some(&turns), length);
            assert_eq!((turns.expected(), turns.is_serving()), (Expected::Nothing, true));
            turns.read(3);
            turns.0.awaits_body.set(true);
            assert_eq!(turns.expected(), expected);
            drop(turn);
            assert_eq!((turns.expected(), turns.is_serving()), (Expected::Request, false));
        }
        let _next = Turn::of(Some(&turns), None);
        assert_eq!(turns.expected(), Expected::Nothing);
    }

    #[test]
    fn a_body_wakes_the_reader_once_and_expects_nothing_when_it_is_given_up() {
        let turns = Turns::default();
        let _turn = Turn::of(Some(&turns), Some(10));
        let awaiting = Awaiting(&turns);
        let is_woken = || {
            turns.wake_later(Waker::noop());
            awaiting.polled(&Poll::Pending);
            turns.0.reader.take().is_none()
        };
        assert_eq!([is_woken(), is_woken(), is_woken()], [true, false, false]);
        assert_eq!(turns.expected(), Expected::Body(10));
        drop(awaiting);
        assert_eq!(turns.expected(), Expected::Nothing);
    }
}
