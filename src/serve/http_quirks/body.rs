//! A body of a response that keeps something until it is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// Keeps `kept` until the body of `response` is dropped.
pub fn keep<T: Unpin + 'static>(response: HttpResponse, kept: T) -> HttpResponse {
    keep_and_then(response, kept, |_| {})
}

/// As [`keep`], and calls `at_end` once the connection has taken the whole body.
pub fn keep_and_then<T: Unpin + 'static>(
    response: HttpResponse,
    kept: T,
    at_end: fn(&mut T),
) -> HttpResponse {
    response.map_body(|_, body| Keeping { body, kept, at_end }.boxed())
}

struct Keeping<T> {
    body: BoxBody,
    kept: T,
    at_end: fn(&mut T),
}

impl<T: Unpin> MessageBody for Keeping<T> {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let keeping = self.get_mut();
        let polled = Pin::new(&mut keeping.body).poll_next(context);
        if matches!(polled, Poll::Ready(None)) {
            (keeping.at_end)(&mut keeping.kept);
        }
        polled
    }
}
