//! The parsers of untrusted input, exposed to the fuzz targets in `tests/fuzz`.

use std::path::Path;

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use futures_util::FutureExt as _;

use crate::cli::license::csv::{Columns, First, Format, Records, Rules};
use crate::domain::{LicenseStatus, Timestamp};
use crate::serve;
use crate::signing::{PublicKey, SigningKey};
use crate::wire::params::{Params, Size};

/// Fields that are read as every type.
const FIELDS: [&str; 6] = ["license_key", "identifier", "product_id", "quantity", "value", "license_keys"];

/// Parses a query string or the body of a form. `None`: refused; else whether the fields are the same after being
/// stored and parsed again.
pub fn form(bytes: &[u8]) -> Option<bool> {
    Params::from_form(bytes).ok().map(|params| read_fields(&params))
}

/// Parses the body of a JSON request; returns the same as [`form`].
pub fn json(bytes: &[u8]) -> Option<bool> {
    Size::of_json(bytes).memory().ok()?;
    Params::from_counted_json(bytes).ok().map(|params| read_fields(&params))
}

/// Parses a line with a content type and the multipart body after it; returns the same as [`form`].
pub fn multipart(bytes: &[u8]) -> Option<bool> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (content_type, body) = bytes.split_at(end);
    let Ok(content_type) = HeaderValue::from_bytes(content_type) else { return None };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type);
    let body = Bytes::copy_from_slice(body.get(1..).unwrap_or_default());
    // The whole body is in memory, so the future is ready at once.
    let read = serve::from_multipart(&headers, body).now_or_never();
    read?.ok().map(|params| read_fields(&params))
}

/// Parses a CSV file of licenses; returns whether all lines are valid.
pub fn licenses(bytes: &[u8]) -> bool {
    let Ok(format) = Format::of(bytes) else { return false };
    let text = bytes.get(format.skipped..).unwrap_or_default();
    let mut records = Records::new(text, format.delimiter, format.line);
    let rules = Rules { ignore_unknown: false, has_product: true, updates: false };
    let Ok(Some(first)) = records.next() else { return false };
    let Some(Ok(First::Header(columns) | First::Key(columns))) =
        first.fields().map(|fields| Columns::read(&fields, format, rules))
    else {
        return false;
    };
    let mut all_are_good = true;
    while let Ok(Some(record)) = records.next() {
        let line = record.fields().map(|fields| columns.line(&fields));
        all_are_good &= line.is_some_and(|line| {
            line.faults.is_empty() && line.term(LicenseStatus::Assigned, Timestamp(0)).is_ok()
        });
    }
    all_are_good
}

/// Parses a private key in PEM or DER; returns whether it was accepted.
pub fn signing_key(bytes: &[u8]) -> bool {
    SigningKey::parse(bytes, Path::new("fuzz.pem")).is_ok()
}

/// Parses a public key in PEM; returns whether it was accepted.
pub fn public_key(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|pem| PublicKey::parse(pem).is_ok())
}

/// Reads the fields as every type; returns whether they are the same after being stored and parsed again.
fn read_fields(params: &Params) -> bool {
    for field in FIELDS {
        let _read = (params.integer(field), params.flag(field), params.list(field), params.json(field));
        let _read = (params.scalar(field), params.text_or_json(field), params.all_texts(field).count());
    }
    let again = Params::from_counted_json(params.to_json().as_bytes());
    again.is_ok_and(|again| again.canonical() == params.canonical())
}
