//! Reads a request's fields, whichever of four ways they were sent, within a size and a time.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::outcome::Outcome;
use crate::params::{Params, Unreadable};

/// The largest body that is read (contract §0.4, item 8).
const MAX_BODY: usize = 1024 * 1024;

/// How much of a larger body is still taken off the wire and thrown away, so that its sender reads the refusal instead of a reset.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// The fields of a request: of its query string, and for a POST of its body, over them. Reads the body to its end where it can, so that
/// its sender reads the answer instead of a reset.
pub async fn read(
    request: &HttpRequest,
    payload: &mut web::Payload,
    limit: Duration,
) -> Result<Params, Outcome> {
    let body = tokio::time::timeout(limit, collect(payload)).await.map_err(|_| Outcome::RequestTimeout)??;
    let query = Params::from_form(request.query_string().as_bytes())?;
    if request.method() == Method::GET || body.is_empty() {
        return Ok(query);
    }
    let body = match request.content_type().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Params::from_form(&body)?,
        "application/json" => Params::from_json(&body)?,
        "multipart/form-data" => from_multipart(request, body).await?,
        _ => return Err(Outcome::UnsupportedMediaType),
    };
    Ok(query.overlaid_with(body))
}

/// Takes a body that nobody wants off the wire, within the same limits.
pub async fn discard(payload: &mut web::Payload, limit: Duration) {
    // Whatever it was, what is answered is something else.
    drop(tokio::time::timeout(limit, collect(payload)).await);
}

/// The whole body, or a refusal if it is too large. Holds no more than the limit in memory.
async fn collect(payload: &mut web::Payload) -> Result<Bytes, Outcome> {
    let mut body = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Outcome::UnreadableBody)?;
        length += chunk.len();
        if length > MAX_DISCARDED {
            break;
        }
        if length <= MAX_BODY {
            body.extend_from_slice(&chunk);
        } else {
            body = BytesMut::new();
        }
    }
    if length > MAX_BODY { Err(Outcome::PayloadTooLarge) } else { Ok(body.freeze()) }
}

/// The text parts. Parts that are files are no fields, as in PHP.
async fn from_multipart(request: &HttpRequest, body: Bytes) -> Result<Params, Outcome> {
    // Only these two headers matter to the parser, and they are all it gets.
    let mut headers = actix_web::http::header::HeaderMap::new();
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        if let Some(value) = request.headers().get(&name) {
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
