//! Step 1, read: the body of a request, within a size, a time and a memory.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{self, Bytes, BytesMut};

use super::body_format::{self, Format};
use super::fields::{Body, Sent, from_multipart, multipart_headers, parse_elsewhere, refusal, size};
use super::http_quirks::turns::next_part;
use super::http_quirks::unread::has_body;
use crate::domain::Outcome;
use crate::load::{LARGE_BODY, LARGE_BODY_STALL, MAX_BODY, MAX_DISCARDED, Ticket};
use crate::wire::reply::Reply;

/// Reads a request to its end where it can, so that its sender reads the answer instead of a reset. Parses a large body
/// where it delays no answers. `template`: the route's path; `timeout`: for the whole body.
pub async fn receive<'a>(
    template: &'a str,
    request: &'a HttpRequest,
    payload: &mut web::Payload,
    timeout: Duration,
    ticket: &mut Ticket<'_>,
) -> Result<Sent<'a>, Reply> {
    let text = body(request, payload, timeout, ticket).await?;
    let body = if request.method() == Method::GET || text.is_empty() {
        Body::None
    } else {
        match body_format::of(request, &text) {
            Ok(format) => prepare(request, format, text, ticket).await?,
            Err(refusal) => Body::Parsed(Err(refusal)),
        }
    };
    Ok(Sent { template, request, body })
}

/// Holds the memory of a body and its fields until the answer, and parses it unless that is done in no time.
async fn prepare(
    request: &HttpRequest,
    format: Format,
    text: Bytes,
    ticket: &mut Ticket<'_>,
) -> Result<Body, Outcome> {
    let is_large = text.len() > LARGE_BODY;
    let size = if is_large {
        let text = text.clone();
        in_background(ticket, move || size(format, &text)).await?
    } else {
        size(format, &text)
    };
    let memory = match size.memory() {
        Ok(memory) => memory,
        Err(why) => return Ok(Body::Parsed(Err(refusal("body", why)))),
    };
    if memory > LARGE_BODY {
        ticket.hold_body(memory).await?;
    }
    let parsed = match format {
        Format::Form if !is_large => return Ok(Body::Form(text)),
        Format::Json if !is_large => return Ok(Body::Json(text)),
        Format::Multipart if !is_large => from_multipart(&multipart_headers(request.headers()), text).await,
        _ => {
            let headers = multipart_headers(request.headers());
            in_background(ticket, move || parse_elsewhere(format, &headers, text)).await?
        }
    };
    Ok(Body::Parsed(parsed.map_err(|why| refusal("body", why))))
}

/// Runs `job` on the blocking pool, where few run at a time.
async fn in_background<T: Send + 'static>(
    ticket: &Ticket<'_>,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Outcome> {
    let place = ticket.enter_background().await?;
    let done = web::block(move || {
        let done = job();
        drop(place);
        done
    });
    done.await.map_err(|_| Outcome::ServiceUnavailable)
}

async fn body(
    request: &HttpRequest,
    payload: &mut web::Payload,
    timeout: Duration,
    ticket: &mut Ticket<'_>,
) -> Result<Bytes, Outcome> {
    if !has_body(request) {
        return Ok(Bytes::new());
    }
    let ticket = (!is_announced_too_large(request)).then_some(ticket);
    tokio::time::timeout(timeout, collect(request, payload, ticket))
        .await
        .map_err(|_| Outcome::RequestTimeout)?
}

/// Reads and discards the body of a refused request, within the same limits.
pub async fn discard(request: &HttpRequest, payload: &mut web::Payload, timeout: Duration) {
    if has_body(request) {
        // The refusal is the same however this ends.
        drop(tokio::time::timeout(timeout, collect(request, payload, None)).await);
    }
}

/// Reads the whole body, or returns a refusal. The ticket holds the memory of a large body; without a ticket, the
/// body is discarded. A body that will be refused is read to its end and discarded.
async fn collect(
    request: &HttpRequest,
    payload: &mut web::Payload,
    mut ticket: Option<&mut Ticket<'_>>,
) -> Result<Bytes, Outcome> {
    let mut body = BytesMut::new();
    let (mut length, mut refusal) = (0, None);
    while let Some(chunk) =
        next_chunk(request, payload, ticket.as_ref().is_some_and(|ticket| ticket.holds_body())).await?
    {
        let chunk = chunk.map_err(|_| Outcome::UnreadableBody)?;
        length += chunk.len();
        if length > MAX_DISCARDED {
            break;
        }
        if length > MAX_BODY {
            refusal = Some(Outcome::PayloadTooLarge);
        } else if length > LARGE_BODY
            && let Some(ticket) = &mut ticket
        {
            // Until there is memory, further bytes stay in the socket.
            refusal = ticket.hold_body(length).await.err();
        }
        if refusal.is_some() {
            body = BytesMut::new();
            if let Some(ticket) = ticket.take() {
                ticket.release_body();
            }
        }
        if ticket.is_some() {
            body.extend_from_slice(&chunk);
        }
    }
    refusal.map_or_else(|| Ok(body.freeze()), Err)
}

/// Reads the next part of a body. Refuses a sender that pauses while memory is held for it.
async fn next_chunk(
    request: &HttpRequest,
    payload: &mut web::Payload,
    is_held: bool,
) -> Result<Option<Result<Bytes, PayloadError>>, Outcome> {
    if !is_held {
        return Ok(next_part(request, payload).await);
    }
    tokio::time::timeout(LARGE_BODY_STALL, next_part(request, payload))
        .await
        .map_err(|_| Outcome::RequestTimeout)
}

/// Whether the head announces a body larger than the limit.
fn is_announced_too_large(request: &HttpRequest) -> bool {
    announced_length(request).is_some_and(|length| length > MAX_BODY as u64)
}

/// Whether the head announces a large body, or one of unknown length.
pub fn may_be_large(request: &HttpRequest) -> bool {
    has_body(request) && announced_length(request).is_none_or(|length| length > LARGE_BODY as u64)
}

fn announced_length(request: &HttpRequest) -> Option<u64> {
    request.headers().get(&CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok())
}
