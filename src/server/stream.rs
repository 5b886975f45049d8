//! The stream of a client's connection: it reads no further than its requests are served, and ends when its answers are
//! taken too slowly.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::TcpStream;
use actix_web::web::{Buf as _, BytesMut};
use memchr::{memchr_iter, memmem};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::head_timer::HeadTimer;
use super::pace::Pace;
use crate::serve::{Expected, Turns};

/// The most bytes of a request's head that actix-http gets at a time.
const READ_AHEAD: usize = 2 * 1024;

/// In a body in chunks, the fewest bytes that actix-http gets at a time.
const CHUNKS: usize = 256;

/// The start of the request that must not be decoded while an earlier one is served. Within a body it means nothing,
/// and only makes two parts of it.
const HEAD: &[u8] = b"HEAD ";

/// A connection, with or without TLS.
pub trait Transport: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Transport for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Transport for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

pub struct Stream<T> {
    transport: T,
    turns: Turns,
    pace: Pace,
    head_timer: HeadTimer,
    /// Bytes that were read and are not decoded yet.
    held: BytesMut,
    /// Whether actix-http has got bytes that it could not decode yet: it reads until there are no more, and decodes
    /// then.
    has_given: bool,
    /// Whether the client has yet to take earlier bytes.
    is_blocked: bool,
}

impl<T: Transport> Stream<T> {
    /// `send_timeout`: see [`Pace`].
    pub fn new(transport: T, send_timeout: Duration) -> Self {
        Self {
            transport,
            turns: Turns::default(),
            pace: Pace::new(send_timeout),
            head_timer: HeadTimer::default(),
            held: BytesMut::new(),
            has_given: false,
            is_blocked: false,
        }
    }

    pub fn tcp(&self) -> &TcpStream {
        self.transport.tcp()
    }

    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Reads from the transport, and holds back what must not be decoded yet.
    fn read(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let start = buffer.filled().len();
        let polled = Pin::new(&mut self.transport).poll_read(context, buffer);
        let read = after(buffer.filled(), start);
        if polled.is_pending() || read.is_empty() {
            self.has_given = false;
            return if polled.is_pending() { self.poll_late_head(context) } else { polled };
        }
        let given = if self.has_given { 0 } else { decodable(read, self.turns.expected()) };
        self.held.extend_from_slice(after(read, given));
        buffer.set_filled(start + given);
        if given == 0 {
            return self.decode_first(context);
        }
        self.note_given();
        polled
    }

    fn note_given(&mut self) {
        self.has_given = true;
        if self.turns.expected() == Expected::Request {
            self.head_timer.give(self.turns.begun());
        }
    }

    /// Ends the connection if the head of a request is late.
    fn poll_late_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.turns.is_serving() {
            return Poll::Pending;
        }
        let late = self.head_timer.poll_late(context, self.turns.begun());
        late.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Lets actix-http decode what it has before it reads more.
    fn decode_first(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        self.has_given = false;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ends the connection if the client is too slow.
    fn blocked<R>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<R>> {
        let polled = self.pace.poll_too_slow(context, !self.is_blocked, self.turns.sends_file());
        self.is_blocked = true;
        polled.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Everything that was written is taken.
    fn unblocked(&mut self) {
        if self.is_blocked {
            self.is_blocked = false;
            self.turns.wake();
        }
        if !self.turns.is_serving() {
            self.pace.rest();
        }
    }
}

/// The first `number` of the bytes, or all of them if they are fewer.
fn first(bytes: &[u8], number: usize) -> &[u8] {
    bytes.get(..number).unwrap_or(bytes)
}

/// The bytes after the first `number`.
fn after(bytes: &[u8], number: usize) -> &[u8] {
    bytes.get(number..).unwrap_or_default()
}

/// Where the first head ends that ends behind `start`: after an empty line. Lines may end without a CR, as they may for
/// actix-http.
fn end_of_head(bytes: &[u8], start: usize) -> Option<usize> {
    let behind = after(bytes, start);
    memchr_iter(b'\n', behind).find_map(|at| match after(behind, at + 1) {
        [b'\n', ..] => Some(start + at + 2),
        [b'\r', b'\n', ..] => Some(start + at + 3),
        _ => None,
    })
}

/// How many of these bytes can be decoded now: at least one, and not much of the requests that come after `expected`.
fn decodable(bytes: &[u8], expected: Expected) -> usize {
    let most = match expected {
        Expected::Body(left) => return usize::try_from(left).unwrap_or(usize::MAX).clamp(1, bytes.len()),
        Expected::Chunks => end_of_head(bytes, CHUNKS).unwrap_or(bytes.len()),
        Expected::Request | Expected::Nothing => {
            let bytes = first(bytes, READ_AHEAD);
            match end_of_head(bytes, 0) {
                Some(end) if end_of_head(bytes, end).is_some() => end,
                // A head and its body, or a part of it, are decoded together.
                _ => bytes.len(),
            }
        }
    };
    // The first byte belongs to the request that is decoded now.
    memmem::find(after(first(bytes, most), 1), HEAD).map_or(most, |at| at + 1)
}

impl<T: Transport> AsyncRead for Stream<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if stream.is_blocked || stream.turns.expected() == Expected::Nothing {
            stream.has_given = false;
            stream.turns.wake_later(context.waker());
            return Poll::Pending;
        }
        if stream.held.is_empty() {
            return stream.read(context, buffer);
        }
        if stream.has_given {
            return stream.decode_first(context);
        }
        let next = first(&stream.held, buffer.remaining());
        let given = decodable(next, stream.turns.expected());
        buffer.put_slice(first(next, given));
        stream.held.advance(given);
        stream.note_given();
        Poll::Ready(Ok(()))
    }
}

impl<T: Transport> AsyncWrite for Stream<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        match Pin::new(&mut stream.transport).poll_write(context, bytes) {
            Poll::Pending => stream.blocked(context),
            Poll::Ready(written) => {
                stream.pace.took(*written.as_ref().unwrap_or(&0));
                Poll::Ready(written)
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        match Pin::new(&mut stream.transport).poll_flush(context) {
            Poll::Pending => stream.blocked(context),
            flushed @ Poll::Ready(_) => {
                stream.unblocked();
                flushed
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        match Pin::new(&mut stream.transport).poll_shutdown(context) {
            Poll::Pending => stream.blocked(context),
            ended @ Poll::Ready(_) => ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_is_decoded_and_never_a_head_behind_another() {
        let (get, head) = ("GET / HTTP/1.1\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n");
        let post = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b";
        for (bytes, expected, decoded) in [
            (get.to_owned(), Expected::Request, 18),
            (get.repeat(3), Expected::Request, 18),
            (post.to_owned(), Expected::Request, 41),
            (post.repeat(3), Expected::Request, 38),
            ([post, "GET / HT"].concat(), Expected::Request, 49),
            ([post, head].concat(), Expected::Request, 38),
            ([post, "HEAD / HT"].concat(), Expected::Request, 41),
            ([head, "GET / HT"].concat(), Expected::Request, 27),
            ([head, get].concat(), Expected::Request, 19),
            ("a=bHEAD /".to_owned(), Expected::Body(3), 3),
            ("HEAD HEAD HEAD".to_owned(), Expected::Body(100), 14),
            ("3\r\na=b\r\n0\r\n\r\nHEAD /".to_owned(), Expected::Chunks, 13),
            (get.repeat(100), Expected::Chunks, 270),
            ("GET / HTTP/1.1\n\n".repeat(3), Expected::Request, 16),
            ("GET / HTTP/1.1\r\n\n".repeat(3), Expected::Request, 17),
            ("GET / HTTP/1.1\n\r\n".repeat(3), Expected::Request, 17),
            ("GET / HTTP/1.1\n\n".repeat(100), Expected::Chunks, 272),
            ("x".to_owned(), Expected::Request, 1),
            ("a".repeat(5_000), Expected::Request, READ_AHEAD),
            ("a".repeat(5_000), Expected::Body(4_000), 4_000),
            ("a".repeat(5_000), Expected::Chunks, 5_000),
        ] {
            assert_eq!(decodable(bytes.as_bytes(), expected), decoded, "{expected:?} {bytes:?}");
        }
    }
}
