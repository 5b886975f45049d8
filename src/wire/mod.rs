//! The data that travels over HTTP: request parameters, and replies in signed envelopes, as PHP writes JSON.

pub mod envelope;
pub mod reply;
pub mod field_errors;
pub mod params;
pub mod php_json;
