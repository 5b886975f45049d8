//! Requests whose body was not read to its end: how their connections come to an end.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};

/// Sends `response` and then closes the connection, if the request's body has not come to its end.
///
/// actix closes a connection whose payload is still held when its answer is out. One that was dropped it goes
/// on reading, without end and without a limit of time: any stranger could keep connections open that way.
pub fn close(response: HttpResponse, request: &HttpRequest, payload: Payload) -> HttpResponse {
    if !has_body(request) {
        return response;
    }
    response.map_body(|_, body| Held { body, _payload: payload }.boxed())
}

/// Whether a request comes with a body (RFC 9112, 6.3). What follows one that asks for a tunnel or for
/// another protocol is none: it gets neither, and actix would go on reading it until its sender ends.
pub fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key("transfer-encoding")
        || headers.get("content-length").is_some_and(|length| length.as_bytes() != b"0")
}

/// An answer that keeps its request's payload until it is sent.
struct Held {
    body: BoxBody,
    _payload: Payload,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}
