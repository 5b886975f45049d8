//! Answers to HEAD requests: as a GET would get them, without the body.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::ConnectionType;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Bytes;

/// Takes the body away, leaves its length in the head, and ends the connection.
///
/// actix leaves bodies out by the method of the request that it read last on a connection, which need not be
/// the one that is answered: the answer to a HEAD would have a body where another request came right behind
/// it, and that body would be read as the answer to the other. A HEAD that came right behind another request
/// cuts that one's answer short the same way; its sender sees that at the end of the connection, and finds no
/// answer of anyone's in its place.
pub fn without_body(response: ServiceResponse) -> ServiceResponse {
    response.map_body(|head, body| {
        if let BodySize::Sized(length) = body.size() {
            head.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        // Else actix writes its own account of the length, and the end of a body in chunks.
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
        Absent { _body: body }.boxed()
    })
}

/// A body that isn't sent. What it is made of may hold the request's payload, and is let go of when the answer is out.
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
