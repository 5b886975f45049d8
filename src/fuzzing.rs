//! The parsers of what strangers and files send, for `tests/fuzz` to feed anything to.

use std::path::Path;

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use csv::{ByteRecord, ReaderBuilder};
use futures_util::FutureExt as _;

use crate::cli::license::csv::Columns;
use crate::serve;
use crate::signing::{PublicKey, SigningKey};
use crate::wire::params::Params;

/// Fields that the API reads in every way there is.
const FIELDS: [&str; 6] = ["license_key", "identifier", "product_id", "quantity", "value", "license_keys"];

/// A query string or the body of a form. `None`: refused; else whether what was read is still the same when
/// it is stored and read again.
pub fn form(bytes: &[u8]) -> Option<bool> {
    Params::from_form(bytes).ok().map(|params| look_at(&params))
}

/// The body of a JSON request, likewise.
pub fn json(bytes: &[u8]) -> Option<bool> {
    Params::from_json(bytes).ok().map(|params| look_at(&params))
}

/// A multipart body, after a line with its content type, likewise.
pub fn multipart(bytes: &[u8]) -> Option<bool> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (content_type, body) = bytes.split_at(end);
    let Ok(content_type) = HeaderValue::from_bytes(content_type) else { return None };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type);
    let body = Bytes::copy_from_slice(body.get(1..).unwrap_or_default());
    // All of it is there, so nothing waits.
    let read = serve::from_multipart(&headers, body).now_or_never();
    read?.ok().map(|params| look_at(&params))
}

/// A CSV file of licenses: whether each of its lines is good.
pub fn licenses(bytes: &[u8]) -> bool {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    let Some(columns) = reader.headers().ok().and_then(|header| Columns::read(header).ok()) else {
        return false;
    };
    let mut record = ByteRecord::new();
    let mut all_are_good = true;
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        all_are_good &= columns.line(&record).is_ok();
    }
    all_are_good
}

/// A private key, in PEM or DER: whether it was taken.
pub fn signing_key(bytes: &[u8]) -> bool {
    SigningKey::parse(bytes, Path::new("fuzz.pem")).is_ok()
}

/// A public key, in PEM: whether it was taken.
pub fn public_key(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|pem| PublicKey::parse(pem).is_ok())
}

/// Reads fields in every way, and says whether what is stored and read again is the same request.
fn look_at(params: &Params) -> bool {
    for field in FIELDS {
        let _read = (params.integer(field), params.flag(field), params.list(field), params.json(field));
        let _read = (params.scalar(field), params.text_or_json(field), params.all_texts(field).count());
    }
    let again = Params::from_json(params.to_json().as_bytes());
    again.is_ok_and(|again| again.canonical() == params.canonical())
}
