//! Step 1, read: the fields of a request in any of the four ways to send them, within a size and a time.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::body_format::{self, Format};
use super::http_quirks::unread::has_body;
use crate::domain::Outcome;
use crate::load::{LARGE_BODY, LARGE_BODY_STALL, MAX_BODY, MAX_DISCARDED, Ticket};
use crate::wire::params::{Params, Unreadable, without_byte_order_mark};
use crate::wire::reply::Reply;

/// The fields of a request: those of its query string, overlaid for a POST with those of its body, and with
/// those in its path. Reads the body to its end where it can, so that its sender reads the answer instead of a
/// reset. `template`: the route's path; `timeout`: for the whole body.
pub async fn params(
    template: &str,
    request: &HttpRequest,
    payload: &mut web::Payload,
    timeout: Duration,
    ticket: &mut Ticket<'_>,
) -> Result<Params, Reply> {
    let body = body(request, payload, timeout, ticket).await?;
    let params = parse(request, body).await;
    ticket.release_body();
    let of_path = Params::from_path(template, request.uri().path()).map_err(|why| unreadable("path", why))?;
    Ok(params?.overlaid_with(of_path))
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
    tokio::time::timeout(timeout, collect(payload, ticket)).await.map_err(|_| Outcome::RequestTimeout)?
}

async fn parse(request: &HttpRequest, body: Bytes) -> Result<Params, Reply> {
    let query = Params::from_form(request.query_string().as_bytes());
    let query = query.map_err(|why| unreadable("query string", why))?;
    if request.method() == Method::GET || body.is_empty() {
        return Ok(query);
    }
    let body = match body_format::of(request, &body)? {
        Format::Form => Params::from_form(&body),
        Format::Json => Params::from_json(without_byte_order_mark(&body)),
        Format::Multipart => from_multipart(request.headers(), body).await,
    };
    Ok(query.overlaid_with(body.map_err(|why| unreadable("body", why))?))
}

/// Makes the refusal of a request with an unreadable part: names the part and the reason. There are few such texts,
/// so that refusals share signatures.
fn unreadable(part: &str, why: Unreadable) -> Reply {
    Reply::from(Outcome::UnreadableBody).with("reason", format!("{part}: {why}"))
}

/// Reads and discards the body of a refused request, within the same limits.
pub async fn discard(request: &HttpRequest, payload: &mut web::Payload, timeout: Duration) {
    if has_body(request) {
        // The refusal is the same however this ends.
        drop(tokio::time::timeout(timeout, collect(payload, None)).await);
    }
}

/// Reads the whole body, or returns a refusal. The ticket holds the memory of a large body; without a ticket, the
/// body is discarded. A body that will be refused is read to its end and discarded.
async fn collect(payload: &mut web::Payload, mut ticket: Option<&mut Ticket<'_>>) -> Result<Bytes, Outcome> {
    let mut body = BytesMut::new();
    let (mut length, mut refusal) = (0, None);
    while let Some(chunk) =
        next_chunk(payload, ticket.as_ref().is_some_and(|ticket| ticket.holds_body())).await?
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
    payload: &mut web::Payload,
    is_held: bool,
) -> Result<Option<Result<Bytes, PayloadError>>, Outcome> {
    if !is_held {
        return Ok(payload.next().await);
    }
    tokio::time::timeout(LARGE_BODY_STALL, payload.next()).await.map_err(|_| Outcome::RequestTimeout)
}

/// Whether the head announces a body larger than the limit.
fn is_announced_too_large(request: &HttpRequest) -> bool {
    let length = request.headers().get(&CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: u64| length > MAX_BODY as u64)
}

/// Reads the text parts of a multipart body as fields. Skips parts that are files, as PHP does.
pub async fn from_multipart(sent: &HeaderMap, body: Bytes) -> Result<Params, Unreadable> {
    // Only these two headers matter to the parser, and they are all it gets.
    let mut headers = HeaderMap::new();
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        if let Some(value) = sent.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let unreadable = |_| Unreadable::NotMultipart;
    let mut parts = Multipart::new(&headers, stream::iter([Ok(body)]));
    let mut params = Params::default();
    while let Some(mut part) = parts.try_next().await.map_err(unreadable)? {
        let mut content = Vec::new();
        while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
            content.extend_from_slice(&chunk);
        }
        let disposition = part.content_disposition().ok_or(Unreadable::NotMultipart)?;
        if disposition.get_filename().is_some() {
            continue;
        }
        let name = disposition.get_name().ok_or(Unreadable::NotMultipart)?;
        params.add(name.to_owned(), String::from_utf8(content).map_err(|_| Unreadable::NotUtf8)?);
    }
    Ok(params)
}
