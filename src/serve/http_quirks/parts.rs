//! The bodies of answers, as the connection takes them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::web::Bytes;

use super::turns::Turn;

/// The most that is given to actix-http at a time, in bytes. It copies what it gets, and would copy a long answer as a
/// whole, for a client that may take it slowly.
const PART: usize = 8 * 1024;

/// Gives the body of `response` in parts, and ends the turn of its request after the last.
pub fn in_parts(response: ServiceResponse, turn: Turn) -> ServiceResponse<Parts> {
    response.map_body(|_, body| Parts { body, rest: Bytes::new(), _turn: turn })
}

pub struct Parts {
    body: BoxBody,
    rest: Bytes,
    _turn: Turn,
}

impl MessageBody for Parts {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let parts = self.get_mut();
        if parts.rest.is_empty() {
            match ready!(Pin::new(&mut parts.body).poll_next(context)) {
                Some(Ok(bytes)) => parts.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let next = parts.rest.split_to(parts.rest.len().min(PART));
        Poll::Ready(Some(Ok(next)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_long_body_comes_in_parts_and_whole() {
        let long: Vec<u8> = (0..=PART * 2).map(|number| number.to_le_bytes()[0]).collect();
        let body = || Parts {
            body: BoxBody::new(Bytes::from(long.clone())),
            rest: Bytes::new(),
            _turn: Turn::of(None, None),
        };
        let mut first = body();
        let part = std::future::poll_fn(|context| Pin::new(&mut first).poll_next(context)).await;
        assert_eq!(part.unwrap().unwrap().len(), PART);
        assert!(to_bytes(body()).await.is_ok_and(|whole| whole == long));
    }
}
