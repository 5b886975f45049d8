//! Calls from browsers (CORS): pages of the origins that the operator allows may read the API's answers. All other
//! pages, and by default all pages, may not.

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};
use actix_web::http::{Method, StatusCode};

use super::app::App;
use crate::routes::{PREFIXES, PUBLIC_KEYS};

/// The request headers that the API reads.
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key, Range, X-API-Key, X-Request-Id");
/// The headers of answers that a page may read.
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("Content-Disposition, Retry-After, X-Request-Id");
/// The seconds for which a browser remembers a preflight. Browsers allow two hours at most.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// How the answer to a request is shared with pages of other origins.
pub enum Sharing {
    /// As if there were no other origins.
    None,
    /// The answer depends on the origin, and this one isn't allowed, or is none.
    Refused,
    /// This origin may read the answer.
    Allowed(HeaderValue),
}

impl Sharing {
    /// Only paths of the API, and the public keys, are shared: never the documents or the demo's own endpoints.
    pub fn of(app: &App, path: &str, headers: &HeaderMap) -> Self {
        let origins = &app.config.http.allowed_origins;
        if origins.is_empty() || !is_shared(path) {
            return Self::None;
        }
        let is_allowed =
            |origin: &&HeaderValue| origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
        headers.get(ORIGIN).filter(is_allowed).map_or(Self::Refused, |origin| Self::Allowed(origin.clone()))
    }

    /// Adds the headers to an answer. Never allows credentials: API keys are no cookies.
    pub fn apply(self, headers: &mut HeaderMap) {
        if matches!(self, Self::None) {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Self::Allowed(origin) = self {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        }
    }
}

/// The answer to a preflight, by which a browser asks before a page's request is sent. `None`: it isn't one from an
/// allowed origin. `allow`: the methods of the path.
pub fn preflight(
    app: &App,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    allow: &'static str,
) -> Option<HttpResponse> {
    let is_preflight = *method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight || !matches!(Sharing::of(app, path, headers), Sharing::Allowed(_)) {
        return None;
    }
    let mut response = HttpResponse::build(StatusCode::NO_CONTENT);
    response
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(allow)))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
        .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE));
    Some(response.finish())
}

/// Whether pages of other origins may call a path at all.
fn is_shared(path: &str) -> bool {
    let is_below = |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    path == PUBLIC_KEYS || PREFIXES.iter().any(|prefix| is_below(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_api_and_the_public_keys_are_shared() {
        for path in ["/api/v1/verify", "/v1/x/y", "/api/api/v1/verify", PUBLIC_KEYS] {
            assert!(is_shared(path), "{path}");
        }
        for path in [
            "/",
            "/demo/reset",
            "/demo/clock",
            "/docs",
            "/openapi.json",
            "/api/v11/verify",
            "/livez",
            "/metrics",
        ] {
            assert!(!is_shared(path), "{path}");
        }
    }
}
