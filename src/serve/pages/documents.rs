//! The documents for integrators: open to everybody, unsigned.

use std::sync::Arc;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};

use crate::serve::answer::Answer;
use crate::serve::app::App;
use crate::serve::caller::Caller;
use crate::serve::page_state::Document;
use crate::serve::respond;

/// Lets the pages load their own files and call this server. Inline scripts and styles don't run.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// May be stored, but must be revalidated before each use.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers a request for one of the documents. A caller over its rate gets the usual 1929.
pub async fn document(app: &Arc<App>, path: &'static str, request: &HttpRequest) -> HttpResponse {
    let caller = Caller::of(request, app);
    if let Err(refusal) = app.load.admit_unsigned(caller.address, caller.secret.as_ref()) {
        return respond::respond(app, &caller, path, Answer::refused(refusal)).await;
    }
    if !app.pages.documents.is_generated() {
        let app = Arc::clone(app);
        // On the blocking pool, where requests of the API don't wait for it. If that fails, it is generated below.
        drop(web::block(move || app.pages.documents.document(path, &app.config).is_some()).await);
    }
    match app.pages.documents.document(path, &app.config) {
        Some(document) => send(document, request),
        None => HttpResponse::NotFound().finish(),
    }
}

fn send(document: &Document, request: &HttpRequest) -> HttpResponse {
    let mut response = send_unless_known(request, &document.etag, document.content_type, &document.content);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Sends a content that clients may store: 304 if the client has this version already, else 200.
pub fn send_unless_known(
    request: &HttpRequest,
    etag: &str,
    content_type: &'static str,
    content: &Bytes,
) -> HttpResponse {
    let is_known = etag_matches(request, etag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, etag)).insert_header((CACHE_CONTROL, REVALIDATE));
    if is_known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, content_type)).body(content.clone())
}

/// Whether the client has this version already: its `If-None-Match` holds the entity tag.
fn etag_matches(request: &HttpRequest, etag: &str) -> bool {
    request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::reference::ASSETS;
    use crate::routes::{PAGES, Place};

    #[test]
    fn every_document_is_a_row_of_the_route_table() {
        let rows = PAGES.iter().filter(|page| page.place == Place::Documents).map(|page| page.path);
        let documents = ASSETS.iter().map(|asset| asset.path).chain(["/openapi.json", "/postman.json"]);
        assert_eq!(rows.collect::<BTreeSet<_>>(), documents.collect());
    }
}
