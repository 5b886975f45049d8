//! Answers to HEAD requests: those of a GET, without the body.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Bytes;

/// Removes the body, and keeps its length in the head.
///
/// actix-http omits a body by the method of the request that it decoded last on a connection, which need not
/// be the one that is answered. With pipelined requests, the answer to a HEAD would get a body that the
/// client reads as the start of the next answer. (For a HEAD behind another request, see [`super::turns`].)
pub fn without_body(response: ServiceResponse) -> ServiceResponse {
    response.map_body(|head, body| {
        if let BodySize::Sized(length) = body.size() {
            head.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        // Else actix writes its own account of the length, and the end of a body in chunks.
        head.no_chunking(true);
        Absent { _body: body }.boxed()
    })
}

/// A body that isn't sent. It may hold the request's payload, which must be kept until the answer is sent.
struct Absent {
    _body: BoxBody,
}

impl MessageBody for Absent {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
