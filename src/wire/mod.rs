//! What travels: parameters in; replies and their signed envelopes out, written as PHP writes JSON.

pub mod envelope;
pub mod reply;
pub mod field_errors;
pub mod params;
pub mod php_json;
