//! Closes connections whose request body was not read to its end.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::body;

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
    body::keep(response, payload)
}

/// Whether a request has a body (RFC 9112, 6.3). Bytes after a request for a tunnel or for a protocol upgrade are not
/// a body: the server grants neither, and actix would read the bytes until the client closes the connection.
pub fn has_body(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key("transfer-encoding")
        || headers.get("content-length").is_some_and(|length| length.as_bytes() != b"0")
}
