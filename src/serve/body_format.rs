//! Determines the format of a request body by its content type, and for JSON also by its first character.

use actix_web::http::header::{CONTENT_ENCODING, HeaderMap};
use actix_web::{HttpMessage as _, HttpRequest};

use crate::domain::Outcome;
use crate::wire::params::without_byte_order_mark;
use crate::wire::reply::Reply;

/// The formats of request bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Form,
    Json,
    Multipart,
}

const COMPRESSED: &str = "Content-Encoding: send the body uncompressed";
const OTHER_TYPE: &str =
    "Content-Type: send application/x-www-form-urlencoded, multipart/form-data or application/json";

/// Determines the format of a body that isn't empty. `curl -d '{…}'` and `fetch` declare JSON as a form or as text. A
/// body that begins with a brace is therefore JSON: no form begins with one.
pub fn of(request: &HttpRequest, body: &[u8]) -> Result<Format, Reply> {
    let unsupported = |reason: &str| Reply::from(Outcome::UnsupportedMediaType).with("reason", reason);
    if is_encoded(request.headers()) {
        return Err(unsupported(COMPRESSED));
    }
    match request.content_type().to_ascii_lowercase().as_str() {
        "multipart/form-data" => Ok(Format::Multipart),
        media_type if is_json(media_type) || begins_with_brace(body) => Ok(Format::Json),
        "application/x-www-form-urlencoded" => Ok(Format::Form),
        _ => Err(unsupported(OTHER_TYPE)),
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let identity = |coding: &[u8]| coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    let mut codings =
        headers.get_all(CONTENT_ENCODING).flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| !coding.trim_ascii().is_empty() && !identity(coding))
}

/// Whether a content type is JSON: `application/json`, `text/json`, or a type such as `application/vnd.api+json`.
fn is_json(media_type: &str) -> bool {
    let subtype = media_type.strip_prefix("application/");
    media_type == "text/json"
        || subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

fn begins_with_brace(body: &[u8]) -> bool {
    without_byte_order_mark(body).trim_ascii_start().starts_with(b"{")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn format(media_type: &str, body: &str) -> Option<Format> {
        let request = TestRequest::default().insert_header(("content-type", media_type)).to_http_request();
        of(&request, body.as_bytes()).ok()
    }

    #[test]
    fn json_is_told_by_its_type_and_by_its_first_character() {
        for media_type in ["application/json", "Text/JSON; charset=utf-8", "application/problem+json"] {
            assert_eq!(format(media_type, "[]"), Some(Format::Json), "{media_type}");
        }
        for media_type in ["application/x-www-form-urlencoded", "text/plain", "", "nonsense"] {
            for body in ["{}", " \r\n{", "\u{feff}{", "\u{feff} {"] {
                assert_eq!(format(media_type, body), Some(Format::Json), "{media_type} {body:?}");
            }
        }
        assert_eq!(format("application/x-www-form-urlencoded", "a={"), Some(Format::Form));
        assert_eq!(format("multipart/form-data; boundary=x", "{"), Some(Format::Multipart));
        for media_type in ["text/plain", "", "text/html+json", "application/jsonp"] {
            assert_eq!(format(media_type, "a=1"), None, "{media_type}");
        }
    }

    #[test]
    fn only_an_identity_is_no_encoding() {
        for (encoding, is_refused) in [
            ("identity", false),
            ("", false),
            ("Identity, identity", false),
            ("gzip", true),
            ("identity, br", true),
            ("aws-chunked", true),
        ] {
            let request = TestRequest::default()
                .insert_header(("content-type", "application/json"))
                .insert_header(("content-encoding", encoding))
                .to_http_request();
            assert_eq!(of(&request, b"{}").is_err(), is_refused, "{encoding}");
        }
    }
}
