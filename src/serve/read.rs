//! Reads a request's fields, whichever of four ways they were sent, within a size and a time.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::App;
use super::caller::Network;
use super::http_quirks::unread::has_body;
use super::large_bodies::{LargeBodies, Room};
use crate::domain::Outcome;
use crate::wire::params::{Params, Unreadable};
use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

/// The largest body that is read (API §0.4, item 8).
const MAX_BODY: usize = 1024 * 1024;

/// From this size on a body needs room among the large ones, and has to come at a rate.
const SMALL_BODY: usize = 16 * 1024;

/// How many bytes a second of a large body must come, after a first second. Less where the operator gives
/// bodies more time.
const SLOWEST: usize = 64 * 1024;

/// How much of a larger body is still taken off the wire and thrown away, so that its sender reads the
/// refusal instead of a reset.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// The fields of a request: of its query string, and for a POST of its body, over them. Reads the body to its
/// end where it can, so that its sender reads the answer instead of a reset.
pub async fn read(
    app: &App,
    address: IpAddr,
    request: &HttpRequest,
    payload: &mut web::Payload,
) -> Result<Params, Outcome> {
    let limit = app.config.limits.body_timeout;
    let (body, _room) = if has_body(request) {
        let room = (!is_announced_too_large(request)).then_some((&app.large_bodies, Network::of(address)));
        let collected = collect(payload, room, Pace::new(limit));
        tokio::time::timeout(limit, collected).await.map_err(|_| Outcome::RequestTimeout)??
    } else {
        (Bytes::new(), None)
    };
    let query = Params::from_form(request.query_string().as_bytes())?;
    if request.method() == Method::GET || body.is_empty() {
        return Ok(query);
    }
    let body = match request.content_type().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Params::from_form(&body)?,
        "application/json" => Params::from_json(&body)?,
        "multipart/form-data" => from_multipart(request.headers(), body).await?,
        _ => return Err(Outcome::UnsupportedMediaType),
    };
    Ok(query.overlaid_with(body))
}

/// Takes a body that nobody wants off the wire, within the same limits.
pub async fn discard(request: &HttpRequest, payload: &mut web::Payload, limit: Duration) {
    if !has_body(request) {
        return;
    }
    // Whatever it was, what is answered is something else.
    drop(tokio::time::timeout(limit, collect(payload, None, Pace::new(limit))).await);
}

/// The whole body, or a refusal. Holds no more than the limit in memory, and nothing of what will be refused
/// anyway. A large body has its room until that is let go of. `large`: where, and whose it is; without it
/// nothing is kept.
async fn collect<'a>(
    payload: &mut web::Payload,
    mut large: Option<(&'a LargeBodies, Network)>,
    mut pace: Pace,
) -> Result<(Bytes, Option<Room<'a>>), Outcome> {
    let mut body = BytesMut::new();
    let (mut length, mut room, mut refusal) = (0, None, None);
    while let Some(chunk) = pace.next(payload, room.is_some()).await? {
        let chunk = chunk.map_err(|_| Outcome::UnreadableBody)?;
        length += chunk.len();
        if length > MAX_DISCARDED {
            break;
        }
        if length > MAX_BODY {
            (large, body, room) = (None, BytesMut::new(), None);
        }
        let Some((bodies, client)) = large else { continue };
        if length > SMALL_BODY {
            // What comes meanwhile stays on the wire.
            if let Err(full) = make_room(bodies, client, &mut room, length).await {
                (refusal, large, body, room) = (Some(full), None, BytesMut::new(), None);
                continue;
            }
        }
        body.extend_from_slice(&chunk);
    }
    match refusal {
        _ if length > MAX_BODY => Err(Outcome::PayloadTooLarge),
        Some(refusal) => Err(refusal),
        None => Ok((body.freeze(), room)),
    }
}

async fn make_room<'a>(
    bodies: &'a LargeBodies,
    client: Network,
    room: &mut Option<Room<'a>>,
    length: usize,
) -> Result<(), Outcome> {
    if room.is_none() {
        *room = Some(bodies.enter(client).await?);
    }
    match room {
        Some(room) => room.grow(length).await,
        None => Ok(()),
    }
}

/// How fast a large body comes. Only the waiting for its sender counts, not what it waits for here.
struct Pace {
    bytes_a_second: usize,
    allowed: Duration,
}

impl Pace {
    /// `limit`: the time that a whole body has.
    fn new(limit: Duration) -> Self {
        let seconds = usize::try_from(limit.as_secs()).unwrap_or(usize::MAX).max(1);
        Self { bytes_a_second: SLOWEST.min(MAX_BODY / seconds).max(1), allowed: Duration::from_secs(1) }
    }

    /// The next part of a body; a refusal, if it is held in memory and comes too slowly.
    async fn next(
        &mut self,
        payload: &mut web::Payload,
        is_held: bool,
    ) -> Result<Option<Result<Bytes, PayloadError>>, Outcome> {
        if !is_held {
            return Ok(payload.next().await);
        }
        let began = Instant::now();
        let next = tokio::time::timeout(self.allowed, payload.next()).await;
        let next = next.map_err(|_| Outcome::RequestTimeout)?;
        let length = next.as_ref().and_then(|chunk| chunk.as_ref().ok()).map_or(0, Bytes::len);
        let earned = length.saturating_mul(1_000_000) / self.bytes_a_second;
        let earned = Duration::from_micros(u64::try_from(earned).unwrap_or(u64::MAX));
        self.allowed = self.allowed.saturating_sub(began.elapsed()).saturating_add(earned);
        Ok(next)
    }
}

/// Whether the head says that the body is larger than what is read.
fn is_announced_too_large(request: &HttpRequest) -> bool {
    let length = request.headers().get(&CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.is_some_and(|length: u64| length > MAX_BODY as u64)
}

/// The text parts. Parts that are files are no fields, as in PHP.
pub async fn from_multipart(sent: &HeaderMap, body: Bytes) -> Result<Params, Outcome> {
    // Only these two headers matter to the parser, and they are all it gets.
    let mut headers = HeaderMap::new();
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        if let Some(value) = sent.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let unreadable = |_| Outcome::UnreadableBody;
    let mut parts = Multipart::new(&headers, stream::iter([Ok(body)]));
    let mut params = Params::default();
    while let Some(mut part) = parts.try_next().await.map_err(unreadable)? {
        let mut content = Vec::new();
        while let Some(chunk) = part.try_next().await.map_err(unreadable)? {
            content.extend_from_slice(&chunk);
        }
        let disposition = part.content_disposition().ok_or(Outcome::UnreadableBody)?;
        if disposition.get_filename().is_some() {
            continue;
        }
        let name = disposition.get_name().ok_or(Outcome::UnreadableBody)?;
        params.add(name.to_owned(), String::from_utf8(content).map_err(|_| Outcome::UnreadableBody)?);
    }
    Ok(params)
}

impl From<Unreadable> for Outcome {
    fn from(Unreadable: Unreadable) -> Self {
        Self::UnreadableBody
    }
}
