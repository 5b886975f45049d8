//! The documents for integrators: open to everybody, unsigned.

use std::sync::{Arc, OnceLock};

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::reference::{ASSETS, Documents, Settings};
use crate::serve::app::App;
use crate::serve::http_quirks::unread;

/// Lets the pages load their own files and call this server. Inline scripts and styles don't run.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// May be stored, but must be revalidated before each use.
pub const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

pub const JSON: &str = "application/json";

/// One document as it is sent.
struct Page {
    path: &'static str,
    content_type: &'static str,
    content: Bytes,
    etag: String,
}

impl Page {
    fn new(path: &'static str, content_type: &'static str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self { path, content_type, etag: etag(&content), content }
    }
}

/// The entity tag of a content: its hash.
pub fn etag(content: &[u8]) -> String {
    format!("\"{}\"", BASE64.encode(Sha256::digest(content)))
}

/// The paths of all documents. With `--no-docs` they are not mounted.
pub fn paths() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|asset| asset.path).chain(["/openapi.json", "/postman.json"])
}

/// The documents of one server, generated at the first request for one of them.
#[derive(Default)]
pub struct Library(OnceLock<Vec<Page>>);

impl Library {
    fn page(&self, path: &str, config: &Config) -> Option<&Page> {
        self.0.get_or_init(|| pages(config)).iter().find(|page| page.path == path)
    }

    fn is_generated(&self) -> bool {
        self.0.get().is_some()
    }
}

fn pages(config: &Config) -> Vec<Page> {
    let settings = Settings {
        public_url: config.pages.public_url.clone().unwrap_or_default(),
        http_status: config.http.status,
    };
    let written = Documents::write(&settings);
    let assets =
        ASSETS.iter().map(|asset| Page::new(asset.path, asset.content_type, asset.content(&settings)));
    let documents = [
        Page::new("/openapi.json", JSON, written.openapi),
        Page::new("/postman.json", JSON, written.postman),
    ];
    assets.chain(documents).collect()
}

/// Answers a request for one of [`paths`], by GET or HEAD.
pub async fn document(
    app: Arc<App>,
    path: &'static str,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    if !app.pages.documents.is_generated() {
        let app = Arc::clone(&app);
        // On the blocking pool, where requests of the API don't wait for it. If that fails, it is generated below.
        drop(web::block(move || app.pages.documents.page(path, &app.config).is_some()).await);
    }
    let response = match app.pages.documents.page(path, &app.config) {
        Some(page) => send(page, &request),
        None => HttpResponse::NotFound().finish(),
    };
    unread::close(response, &request, payload)
}

fn send(page: &Page, request: &HttpRequest) -> HttpResponse {
    let is_unchanged = etag_matches(request, &page.etag);
    let mut response = if is_unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, page.etag.as_str()))
        .insert_header((CACHE_CONTROL, REVALIDATE))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .insert_header((X_FRAME_OPTIONS, HeaderValue::from_static("DENY")))
        .insert_header((REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
        .insert_header((HeaderName::from_static("cross-origin-opener-policy"), "same-origin"));
    if is_unchanged {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, page.content_type));
    response.body(page.content.clone())
}

/// Whether the client has this version already: its `If-None-Match` holds the entity tag.
pub fn etag_matches(request: &HttpRequest, etag: &str) -> bool {
    request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    })
}
