//! The documents for integrators: nobody needs an API key to read them, and nothing in them is signed.

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

/// What the page may do: load its own files and ask this server. No script or style in the page itself runs.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Kept by whoever has it, but never shown without asking whether it is still the same.
pub const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

pub const JSON: &str = "application/json";

/// A document as it is sent.
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

/// What says whether a content is another.
pub fn etag(content: &[u8]) -> String {
    format!("\"{}\"", BASE64.encode(Sha256::digest(content)))
}

/// Where they all are. `KEYSEAL_NO_DOCS` takes them away.
pub fn paths() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().map(|asset| asset.path).chain(["/openapi.json", "/postman.json"])
}

/// The documents of one server, written when one of them is asked for the first time.
#[derive(Default)]
pub struct Library(OnceLock<Vec<Page>>);

impl Library {
    fn page(&self, path: &str, config: &Config) -> Option<&Page> {
        self.0.get_or_init(|| pages(config)).iter().find(|page| page.path == path)
    }

    fn is_written(&self) -> bool {
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
    if !app.pages.documents.is_written() {
        let app = Arc::clone(&app);
        // Where requests of the API don't wait for it. Should that fail, it is written below.
        drop(web::block(move || app.pages.documents.page(path, &app.config).is_some()).await);
    }
    let response = match app.pages.documents.page(path, &app.config) {
        Some(page) => send(page, &request),
        None => HttpResponse::NotFound().finish(),
    };
    unread::close(response, &request, payload)
}

fn send(page: &Page, request: &HttpRequest) -> HttpResponse {
    let is_known = is_known(request, &page.etag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, page.etag.as_str()))
        .insert_header((CACHE_CONTROL, ASK_AGAIN))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .insert_header((X_FRAME_OPTIONS, HeaderValue::from_static("DENY")))
        .insert_header((REFERRER_POLICY, HeaderValue::from_static("no-referrer")))
        .insert_header((HeaderName::from_static("cross-origin-opener-policy"), "same-origin"));
    if is_known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, page.content_type));
    response.body(page.content.clone())
}

/// Whether the caller has it already.
pub fn is_known(request: &HttpRequest, etag: &str) -> bool {
    request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == etag)
    })
}
