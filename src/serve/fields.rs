//! The fields of a request in any of the four ways to send them: query string, form, multipart, JSON.

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::rt::Runtime;
use actix_web::web::Bytes;
use futures_util::{TryStreamExt as _, stream};

use super::body_format::Format;
use crate::domain::Outcome;
use crate::wire::params::{MAX_FIELDS, Params, Size, Unreadable, is_list, without_byte_order_mark};
use crate::wire::reply::Reply;

/// A request that is read to its end. Its fields are those of its query string, overlaid for a POST with those of its
/// body, and with those in its path.
pub struct Sent<'a> {
    /// The route's path.
    pub template: &'a str,
    pub request: &'a HttpRequest,
    pub body: Body,
}

pub enum Body {
    None,
    /// Its size is checked. Parsed only for a caller that may call.
    Form(Bytes),
    /// As [`Self::Form`].
    Json(Bytes),
    Parsed(Result<Params, Reply>),
}

fn from_json(text: &[u8]) -> Result<Params, Unreadable> {
    Params::from_counted_json(without_byte_order_mark(text))
}

/// Parses a body whose size is checked, outside of the server's own runtime.
pub fn parse_elsewhere(format: Format, headers: &HeaderMap, text: Bytes) -> Result<Params, Unreadable> {
    match format {
        Format::Form => Params::from_counted_form(&text),
        Format::Json => from_json(&text),
        Format::Multipart => {
            let runtime = Runtime::new().map_err(|_| Unreadable::NotMultipart)?;
            runtime.block_on(from_multipart(headers, text))
        }
    }
}

impl Sent<'_> {
    /// The fields, or the refusal of what can't be read.
    pub fn params(self) -> Result<Params, Reply> {
        let query = Params::from_form(self.request.query_string().as_bytes());
        let query = query.map_err(|why| refusal("query string", why))?;
        let body = match self.body {
            Body::None => Params::default(),
            Body::Form(text) => Params::from_counted_form(&text).map_err(|why| refusal("body", why))?,
            Body::Json(text) => from_json(&text).map_err(|why| refusal("body", why))?,
            Body::Parsed(parsed) => parsed?,
        };
        let of_path = Params::from_path(self.template, self.request.uri().path());
        let of_path = of_path.map_err(|why| refusal("path", why))?;
        Ok(query.overlaid_with(body).overlaid_with(of_path))
    }
}

/// Makes the refusal of a request with an unreadable part: names the part and the reason. There are few such texts, so
/// that refusals share signatures.
pub fn refusal(part: &str, why: Unreadable) -> Reply {
    let outcome = match why {
        Unreadable::TooMany => Outcome::PayloadTooLarge,
        _ => Outcome::UnreadableBody,
    };
    Reply::from(outcome).with("reason", format!("{part}: {why}"))
}

/// The size of the fields of a body, counted in its text.
pub fn size(format: Format, text: &[u8]) -> Size {
    match format {
        Format::Form => Size::of_form(text),
        Format::Json => Size::of_json(text),
        Format::Multipart => Size::of_multipart(text),
    }
}

/// The headers that matter to the parser of multipart bodies. They are all it gets.
pub fn multipart_headers(sent: &HeaderMap) -> HeaderMap {
    let known = [CONTENT_TYPE, CONTENT_LENGTH];
    known.into_iter().filter_map(|name| sent.get(&name).map(|value| (name, value.clone()))).collect()
}

/// Reads the text parts of a multipart body as fields. Skips parts that are files, as PHP does.
pub async fn from_multipart(headers: &HeaderMap, body: Bytes) -> Result<Params, Unreadable> {
    let unreadable = |_| Unreadable::NotMultipart;
    let mut parts = Multipart::new(headers, stream::iter([Ok(body)]));
    let (mut params, mut fields) = (Params::default(), 0);
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
        let in_list = is_list(name.split('[').next().unwrap_or_default().as_bytes());
        fields += usize::from(!in_list);
        if fields > MAX_FIELDS {
            return Err(Unreadable::TooMany);
        }
        params.add(name.to_owned(), String::from_utf8(content).map_err(|_| Unreadable::NotUtf8)?);
    }
    Ok(params)
}
