//! Closes connections whose request body was not read to its end.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};

/// Sends `response` and then closes the connection, unless the request's body was read to its end.
///
/// actix-http closes a connection whose payload is still held when the answer is sent. If the payload was
/// dropped, it goes on reading the body without a timeout, and anyone could keep connections open that way:
/// see <https://github.com/actix/actix-web/issues/2764> and <https://github.com/actix/actix-web/issues/3182>.
/// So the payload is held until then.
pub fn close(response: HttpResponse, request: &HttpRequest, payload: Payload) -> HttpResponse {
    if !has_body(request) {
        return response;
    }
    response.map_body(|_, body| Held { body, _payload: payload }.boxed())
}

/// Whether a request has a body (RFC 9112, 6.3). Bytes after a request for a tunnel or for a protocol upgrade are not
/// a body: the server grants neither, and actix would read the bytes until the client closes the connection.
pub fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key("transfer-encoding")
        || headers.get("content-length").is_some_and(|length| length.as_bytes() != b"0")
}

/// A response body that keeps the request's payload until it is sent.
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
